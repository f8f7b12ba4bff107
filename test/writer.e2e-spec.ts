import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import type { BatchResultDto } from '../src/ingest/batch/batch.dto.js';
import type { RejectionsDto } from '../src/ingest/rejections.dto.js';
import type { ReadinessDto } from '../src/operations/health/health.dto.js';
import { ANY_TIME, startApplication, type TestApplication } from './support/application.js';
import { until } from './support/poll.js';

const VALID = '/analytics?timestamp=1224567997&user=3&event=click';

describe('the writer', () => {
  let server: TestApplication;

  beforeAll(async () => {
    server = await startApplication();
    await server.dataSource.query('CREATE SEQUENCE tries');
    await server.dataSource.query('CREATE TABLE trouble (code text, tries integer)');
    // A sequence counts tries that are undone, too.
    await server.dataSource.query(`
      CREATE FUNCTION make_trouble() RETURNS trigger LANGUAGE plpgsql AS $$
      DECLARE trouble trouble;
      BEGIN
        SELECT * INTO trouble FROM trouble;
        IF nextval('tries') <= trouble.tries THEN
          RAISE EXCEPTION 'trouble' USING ERRCODE = trouble.code;
        END IF;
        RETURN NULL;
      END $$`);
    await server.dataSource.query(
      `CREATE TRIGGER make_trouble AFTER INSERT ON events EXECUTE FUNCTION make_trouble()`,
    );
  });
  afterAll(() => server.stop());
  beforeEach(() => server.dataSource.query('TRUNCATE events'));
  afterEach(async () => {
    await server.dataSource.query('TRUNCATE trouble');
    await until(isReady);
  });

  async function isReady(): Promise<boolean> {
    const response = await server.get('/health/ready');
    return ((await response.json()) as ReadinessDto).status === 'ok';
  }

  async function makeTrouble(code: string, tries: number): Promise<void> {
    await server.dataSource.query(`INSERT INTO trouble VALUES ($1, $2)`, [code, tries]);
    await server.dataSource.query(`SELECT setval('tries', 1, false)`);
  }

  function sendBatch(events: object[], target = server): Promise<Response> {
    return target.post('/analytics/batch', {
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(events),
    });
  }

  it.each([
    ['40001', 'a serialization failure'],
    ['40P01', 'a deadlock'],
    ['57P01', "an administrator's shutdown"],
    ['57P03', 'a start'],
    ['25006', 'a standby that became the server'],
    ['53300', 'too many connections'],
  ])('%s, %s, is tried again', async (code) => {
    await makeTrouble(code, 2);
    const response = await sendBatch([{ timestamp: 1, user: 'u', event: 'click' }]);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ stored: 1 });
    expect(await server.countEvents()).toBe(1);
  });

  it.each(['57014', '53200', '53400'])('%s, too much at once, is tried by halves', async (code) => {
    await makeTrouble(code, 2);
    const events = Array.from({ length: 300 }, () => ({ timestamp: 1, user: 'u', event: 'click' }));
    const response = await sendBatch(events);
    expect(await response.json()).toMatchObject({ stored: 300 });
    expect(await server.countEvents()).toBe(300);
  });

  it('a deadlock that comes again and again sends that batch to the spool, until it ends', async () => {
    await makeTrouble('40P01', 1_000_000);
    expect((await server.post(`${VALID}&id=deadlock`)).status).toBe(204);
    expect(await server.countEvents()).toBe(0);
    const ready = await server.get('/health/ready');
    expect(await ready.json()).toMatchObject({ status: 'degraded', waiting: { events: 1 } });
    await server.dataSource.query('TRUNCATE trouble');
    await until(async () => (await server.countEvents()) === 1);
    expect(await server.countEvents()).toBe(1);
  });

  it('a table that is locked keeps nobody waiting for long, and all is stored once', async () => {
    const other = await new DataSource({ type: 'postgres', url: server.databaseUrl }).initialize();
    const runner = other.createQueryRunner();
    await runner.startTransaction();
    await runner.query('LOCK TABLE events IN ACCESS EXCLUSIVE MODE');
    const begun = performance.now();
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, index) => server.post(`${VALID}&id=locked-${index % 20}`)),
    );
    expect(performance.now() - begun).toBeLessThan(9_000);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([204]));

    const batch = Array.from({ length: 10_000 }, (_, index) => ({ user: `u${index}`, event: 'x' }));
    const full = await Promise.all(Array.from({ length: 8 }, () => sendBatch(batch)));
    const statuses = full.map(({ status }) => status);
    expect(statuses.every((status) => status === 202 || status === 503)).toBe(true);
    await runner.rollbackTransaction();
    await other.destroy();
    const accepted = statuses.filter((status) => status === 202).length;
    await until(async () => (await server.countEvents()) === 20 + accepted * 10_000);
  });

  it('a value that the database refuses is refused alone, among requests that went together', async () => {
    await server.dataSource.query(
      `ALTER TABLE events ADD CONSTRAINT no_poison CHECK (NOT properties ? 'poison')`,
    );
    const answers = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const properties = index === 7 ? { poison: 1 } : {};
        const response = await sendBatch([{ user: 'u', event: 'click', properties }]);
        return (await response.json()) as BatchResultDto;
      }),
    );
    await server.dataSource.query('ALTER TABLE events DROP CONSTRAINT no_poison');
    expect(answers.map(({ rejected }) => rejected)).toEqual(
      Array.from({ length: 40 }, (_, index) => (index === 7 ? 1 : 0)),
    );
    expect(answers[7]!.receipts).toMatchObject([{ code: 'refused_by_database' }]);
    expect(await server.countEvents()).toBe(39);
  });

  describe('what a trigger refuses', () => {
    beforeAll(async () => {
      await server.dataSource.query(`
        CREATE FUNCTION refuse_poison() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF NEW.properties ? 'poison' THEN
            RAISE EXCEPTION 'poison' USING ERRCODE = NEW.properties ->> 'poison';
          END IF;
          RETURN NEW;
        END $$`);
      await server.dataSource.query(
        `CREATE TRIGGER refuse_poison BEFORE INSERT ON events
         FOR EACH ROW EXECUTE FUNCTION refuse_poison()`,
      );
    });
    afterAll(() => server.dataSource.query('DROP FUNCTION refuse_poison CASCADE'));

    it.each(['P0001', '42501', 'XX000', '54000'])('%s, is refused alone', async (poison) => {
      const events = Array.from({ length: 20 }, (_, index) => ({
        user: 'u',
        event: 'click',
        properties: index === 7 ? { poison } : {},
      }));
      const response = await sendBatch(events);
      expect(response.status).toBe(200);
      const { stored, receipts } = (await response.json()) as BatchResultDto;
      expect(stored).toBe(19);
      expect(receipts[7]).toMatchObject({ status: 'rejected', code: 'refused_by_database' });
      expect(await isReady()).toBe(true);
    });

    it.each(['55000', '40001', '57014'])(
      '%s, which may pass, holds up no other, and is kept as a dead letter in the end',
      async (poison) => {
        const answer = await sendBatch(
          ['', poison, ''].map((code) => ({
            user: 'u',
            event: 'click',
            properties: code ? { poison: code } : {},
          })),
        );
        expect(answer.status).toBe(202);
        expect(await answer.json()).toMatchObject({ accepted: 3 });
        const other = await sendBatch([{ user: 'u', event: 'click' }]);
        expect(await other.json()).toMatchObject({ stored: 1 });
        await until(isReady);
        expect(await server.countEvents()).toBe(3);
        const response = await server.get('/analytics/rejections');
        const { rejections } = (await response.json()) as RejectionsDto;
        expect(rejections[0]).toMatchObject({ route: 'spool', code: 'refused_by_database' });
        expect(rejections[0]!.input).toContain(poison);
      },
    );

    it('after it waited in the spool, is kept as a dead letter, and the rest is stored', async () => {
      await server.dataSource.query('ALTER TABLE events RENAME TO hidden');
      const events = ['', 'P0001', ''].map((poison, index) => ({
        user: `u${index}`,
        event: 'click',
        properties: poison ? { poison } : {},
      }));
      const answer = await sendBatch(events);
      expect(answer.status).toBe(202);
      expect(await answer.json()).toMatchObject({ accepted: 3 });
      await server.dataSource.query('ALTER TABLE hidden RENAME TO events');
      await until(isReady);
      expect(await server.countEvents()).toBe(2);
      const response = await server.get('/analytics/rejections');
      const { rejections } = (await response.json()) as RejectionsDto;
      expect(rejections[0]).toMatchObject({ route: 'spool', code: 'refused_by_database' });
    });
  });

  it.each([
    ['of no properties', `NEW.properties IS NULL`],
    ['of the future, before any is stored there', `NEW.time > now() + interval '1 hour'`],
  ])('what a trigger refuses %s is refused alone', async (_, condition) => {
    // Whatever was prepared before, isn't.
    const fresh = await startApplication(ANY_TIME);
    await fresh.dataSource.query(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF ${condition} THEN RAISE EXCEPTION 'refused'; END IF;
        RETURN NEW;
      END $$`);
    await fresh.dataSource.query(
      'CREATE TRIGGER refuse BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION refuse()',
    );
    const good = { user: 'u', event: 'x', properties: { a: 1 } };
    const bad = { user: 'u', event: 'x', timestamp: '2099-01-01T00:00:00Z' };
    const codes = [];
    for (const events of [[good], [good, bad, good], [bad], [good]]) {
      const response = await fresh.post('/analytics/batch', {
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(events),
      });
      const answer = (await response.json()) as Partial<BatchResultDto>;
      codes.push(answer.receipts?.map(({ code, status }) => code ?? status) ?? answer);
    }
    const refused = 'refused_by_database';
    expect(codes).toEqual([['stored'], ['stored', refused, 'stored'], [refused], ['stored']]);
    await fresh.stop();
  });

  it('keeps every time and text as it is, new and old alike', async () => {
    const times = [
      '0001-01-01T00:00:00.000Z',
      '1713-12-31T23:59:59.999Z',
      '1969-12-31T23:59:59.999Z',
      '1999-12-31T23:59:59.999Z',
      '2000-01-01T00:00:00.001Z',
      '2286-01-01T00:00:00.001Z',
      '9999-12-31T23:59:59.999Z',
    ];
    const id = '0190a1b2-0000-7abc-8def-0123456789af';
    const properties = {
      text: 'ä€😀\u2028',
      deep: { list: [1, null, true, ''] },
      'key "quoted"': 1,
    };
    const fresh = await startApplication(ANY_TIME);
    for (const status of ['stored', 'duplicate']) {
      const response = await sendBatch(
        times.map((timestamp) => ({ timestamp, user: 'ä€😀', event: 'é', id, properties })),
        fresh,
      );
      const { receipts } = (await response.json()) as BatchResultDto;
      expect(receipts.map((receipt) => receipt.status)).toEqual(times.map(() => status));
    }
    const rows = await fresh.dataSource.query(
      `SELECT to_char(time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS time, events.id,
         users.id AS user, name, properties, bot
       FROM events JOIN users ON seq = user_seq JOIN event_names ON event_names.id = name_id
       ORDER BY events.time`,
    );
    expect(rows).toEqual(
      times.map((time) => ({ time, id, user: 'ä€😀', name: 'é', properties, bot: false })),
    );
    await fresh.stop();
  });

  it('refuses a new source beyond the limit, and stores the rest', async () => {
    await server.dataSource.query(
      `INSERT INTO sources (name) SELECT 'source-' || n FROM generate_series(1, 999) AS n`,
    );
    const events = ['source-5', 'new', undefined].map((source) => ({
      timestamp: 1,
      user: `of-${source}`,
      event: 'click',
      source,
    }));
    const response = await sendBatch(events);
    const { receipts } = (await response.json()) as BatchResultDto;
    expect(receipts.map(({ status, code }) => code ?? status)).toEqual([
      'stored',
      'source_limit',
      'stored',
    ]);
    const users = await server.dataSource.query(`SELECT id FROM users WHERE id LIKE 'of-%'`);
    expect(users).toEqual([{ id: 'of-source-5' }, { id: 'of-undefined' }]);
  });
});
