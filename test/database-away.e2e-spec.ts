import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { BatchResultDto } from '../src/ingest/batch/batch.dto.js';
import type { RejectionsDto } from '../src/ingest/rejections.dto.js';
import type { ReadinessDto } from '../src/operations/health/health.dto.js';
import { startApplication, type TestApplication } from './support/application.js';
import { bringDatabaseBack, onTimescaledb, takeDatabaseAway } from './support/database.js';
import { until } from './support/poll.js';

const VALID = '/analytics?timestamp=1224567997&user=3&event=click';

describe('while the database is away', () => {
  let server: TestApplication;

  beforeAll(async () => {
    server = await startApplication();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    await server.dataSource.query('TRUNCATE events');
  });
  afterEach(async () => {
    await bringDatabaseBack(server.databaseUrl);
    await until(async () => (await readiness(server)).status === 'ok');
  });

  it('a click is acknowledged on disk, and stored once when the database is back', async () => {
    await takeDatabaseAway(server.databaseUrl);
    for (const id of ['one', 'two', 'one']) {
      const response = await server.post(`${VALID}&id=${id}`);
      expect(response.status).toBe(204);
      expect(response.headers.has('X-Analytics-Rejected')).toBe(false);
    }
    expect(await readiness(server)).toMatchObject({ status: 'degraded', waiting: { events: 3 } });
    await bringDatabaseBack(server.databaseUrl);
    await until(async () => (await readiness(server)).status === 'ok');
    expect(await server.countEvents()).toBe(2);
    // A client that tries again later finds it stored.
    expect((await server.post(`${VALID}&id=one`)).status).toBe(204);
    expect(await server.countEvents()).toBe(2);
    expect(filesBelow(server.spool).filter((path) => path.endsWith('.log'))).toEqual([]);
  });

  it('a batch is accepted, with 202 and its count, and what is wrong is told at once', async () => {
    await takeDatabaseAway(server.databaseUrl);
    const response = await sendBatch(server, [
      { timestamp: '1224567997', user: 'u', event: 'signup', id: 'b-1', properties: { a: 'ä€😀' } },
      { timestamp: '1224567997', user: 'u', event: '' },
      { timestamp: '1224567998', user: 'v', event: 'signup', id: 'b-2', source: 'shop' },
    ]);
    expect(response.status).toBe(202);
    const result = (await response.json()) as BatchResultDto;
    expect(result).toMatchObject({ stored: 0, duplicates: 0, accepted: 2, rejected: 1 });
    expect(result.receipts.map(({ status }) => status)).toEqual([
      'accepted',
      'rejected',
      'accepted',
    ]);
    await bringDatabaseBack(server.databaseUrl);
    await until(async () => (await server.countEvents()) === 2);
    const rows = await server.dataSource.query(
      `SELECT events.id, time, users.id AS user, event_names.name, sources.name AS source, properties
       FROM events JOIN users ON seq = user_seq JOIN event_names ON event_names.id = name_id
       JOIN sources ON sources.id = source_id ORDER BY time`,
    );
    expect(rows).toEqual([
      {
        id: result.receipts[0]!.id,
        time: new Date(1_224_567_997_000),
        user: 'u',
        name: 'signup',
        source: 'default',
        properties: { a: 'ä€😀' },
      },
      {
        id: result.receipts[2]!.id,
        time: new Date(1_224_567_998_000),
        user: 'v',
        name: 'signup',
        source: 'shop',
        properties: null,
      },
    ]);
  });

  it('a stream is accepted, too', async () => {
    await takeDatabaseAway(server.databaseUrl);
    const lines = Array.from({ length: 2_500 }, (_, index) =>
      JSON.stringify({ timestamp: 1_224_567_997, user: `s-${index}`, event: 'click' }),
    );
    const response = await server.post('/analytics/batch', {
      headers: { 'Content-Type': 'application/x-ndjson' },
      body: lines.join('\n'),
    });
    expect(response.status).toBe(202);
    expect(await response.json()).toMatchObject({ stored: 0, accepted: 2_500, receipts: [] });
    await bringDatabaseBack(server.databaseUrl);
    await until(async () => (await server.countEvents()) === 2_500);
  });

  it('reports are 503, and the process lives', async () => {
    await takeDatabaseAway(server.databaseUrl);
    expect((await server.get('/analytics?timestamp=0')).status).toBe(503);
    expect((await server.get('/analytics/rejections')).status).toBe(503);
    const live = await server.get('/health/live');
    expect(await live.json()).toEqual({ status: 'ok', service: 'user-analytics' });
  });

  it('what the database refuses later is in the log of rejections and a file', async () => {
    const limit = 'CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN';
    await server.dataSource.query(`${limit} RAISE EXCEPTION 'no' USING ERRCODE = '23514'; END $$`);
    await server.dataSource.query(
      `CREATE TRIGGER refuse BEFORE INSERT ON events FOR EACH ROW
       WHEN (NEW.properties ? 'poison') EXECUTE FUNCTION refuse()`,
    );
    await takeDatabaseAway(server.databaseUrl);
    const events = Array.from({ length: 50 }, (_, index) => ({
      timestamp: '1224567997',
      user: 'p',
      event: 'click',
      properties: index === 31 ? { poison: true } : {},
    }));
    expect((await sendBatch(server, events)).status).toBe(202);
    await bringDatabaseBack(server.databaseUrl);
    await until(async () => (await readiness(server)).status === 'ok');
    expect(await server.countEvents()).toBe(49);
    const log = await server.get('/analytics/rejections');
    const { counts, rejections } = (await log.json()) as RejectionsDto;
    expect(counts).toMatchObject({ refused_by_database: 1 });
    expect(rejections[0]).toMatchObject({ code: 'refused_by_database', route: 'spool' });
    const file = filesBelow(server.spool).find((path) => path.endsWith('dead-letter.ndjson'));
    expect(JSON.parse(readFileSync(file!, 'utf8'))).toMatchObject({
      code: 'refused_by_database',
      event: { user: 'p', properties: '{"poison":true}' },
    });
    await server.dataSource.query('DROP TRIGGER refuse ON events');
  });

  it('a rejection is still told, and reaches the log when the database is back', async () => {
    await takeDatabaseAway(server.databaseUrl);
    const response = await server.post('/analytics?user=3&event=purchase');
    expect(response.status).toBe(204);
    expect(response.headers.get('X-Analytics-Rejected')).toMatch(/^unknown_event;/);
    await bringDatabaseBack(server.databaseUrl);
    await until(async () => {
      const log = await server.get('/analytics/rejections');
      const { counts } = (await log.json()) as { counts: Record<string, number> };
      return counts['unknown_event'] === 1;
    });
  });

  it('readiness says what the events lie on', async () => {
    expect(await readiness(server)).toMatchObject({
      status: 'ok',
      storage: onTimescaledb ? 'timescaledb' : 'postgresql',
    });
  });
});

describe('while the database is away, with a small spool', () => {
  const MAX_BYTES = 20_000;
  let spool: string;

  beforeEach(() => {
    spool = mkdtempSync(join(tmpdir(), 'user-analytics-spool-'));
  });
  afterEach(() => rmSync(spool, { recursive: true, force: true }));

  it.each([
    ['none', 0, 'unavailable'],
    ['one that is full', MAX_BYTES, 'spool_unavailable'],
  ])('%s: 503 with Retry-After, and recovery', async (_, maxBytes, code) => {
    const options = maxBytes === 0 ? {} : { spool: { directory: spool, maxBytes } };
    const server = await startApplication(options);
    await takeDatabaseAway(server.databaseUrl);
    const accepted: string[] = [];
    let refused: Response;
    for (let index = 0; ; index += 1) {
      const id = `full-${index}`;
      const response = await server.post(`${VALID}&id=${id}`);
      if (response.status !== 204) {
        refused = response;
        break;
      }
      accepted.push(id);
    }
    expect(refused.status).toBe(503);
    expect(refused.headers.get('Retry-After')).toMatch(/^[1-9]\d*$/);
    expect(await refused.json()).toMatchObject({ statusCode: 503, code });
    const batch = await sendBatch(
      server,
      Array.from({ length: 200 }, () => ({ user: 'u', event: 'click' })),
    );
    expect(batch.status).toBe(503);
    expect(accepted.length > 0).toBe(maxBytes > 0);
    expect(sizeBelow(spool)).toBeLessThan(MAX_BYTES + 1_000);

    await bringDatabaseBack(server.databaseUrl);
    await until(async () => (await server.post(`${VALID}&id=after`)).status === 204);
    await until(async () => (await server.countEvents()) === accepted.length + 1);
    await server.stop();
  });
});

async function readiness(server: TestApplication): Promise<ReadinessDto> {
  const response = await server.get('/health/ready');
  expect(response.status).toBe(200);
  return (await response.json()) as ReadinessDto;
}

function sendBatch(server: TestApplication, events: object[]): Promise<Response> {
  return server.post('/analytics/batch', {
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(events),
  });
}

function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
}

function sizeBelow(folder: string): number {
  return filesBelow(folder).reduce((sum, path) => sum + statSync(path).size, 0);
}
