import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { deleteRowByRow } from '../src/database/compression.js';
import { moveHorizon } from '../src/rollup/horizon.js';
import { RETENTION_LOCK, ROLLUP_LOCKS } from '../src/rollup/locks.js';
import { verifyMinutes } from '../src/rollup/verify.js';
import { checkRetention, RetentionOptions } from '../src/retention/retention.options.js';
import { runRetention, TooBusyError } from '../src/retention/run-retention.js';
import { Analyst, record, type Recorded } from './support/analyst.js';
import { bringDatabaseBack, takeDatabaseAway } from './support/database.js';
import { countRaw, daysAgo, EVENTS, expire, NOW, policy, startOf } from './support/kept.js';
import { until } from './support/poll.js';

const FIGURES = { metrics: ['events', 'unique_users'], date_range: 'all', bots: 'include' };
const MANY = 12_000;

describe('what removes what is no longer kept', () => {
  let analyst: Analyst;
  let other: Client;

  beforeEach(async () => {
    analyst = await Analyst.start();
    other = new Client(analyst.server.databaseUrl);
    other.on('error', () => {});
    await other.connect();
    await analyst.record(EVENTS);
  });
  afterEach(async () => {
    await other.end();
    await analyst.stop();
  });

  /** As many of the source `shop` on one day that isn't kept. */
  async function recordMany(): Promise<void> {
    const events = Array.from({ length: MANY }, (_, index): Recorded => {
      const [minute, second] = [Math.floor(index / 300), index % 60].map(twoDigits);
      return {
        time: daysAgo(50, `08:${minute}:${second}`),
        source: 'shop',
        user: `user ${index % 100}`,
      };
    });
    await analyst.record(events);
  }

  async function expectVerified(): Promise<void> {
    await analyst.fold();
    for (const days of [200, 100, 50, 40, 30, 2]) {
      const from = Date.parse(startOf(days)) / 60_000;
      expect(await verifyMinutes(analyst.client, from, from + 1_440)).toEqual([]);
    }
  }

  it('holds up neither writers nor queries, and all they see is whole', async () => {
    await recordMany();
    const { totals } = await analyst.ask(FIGURES);
    const ended = new AbortController();
    let stored = 0;
    const latencies: number[] = [];
    const write = async (): Promise<void> => {
      while (!ended.signal.aborted) {
        const begun = performance.now();
        await record(other, [{ time: daysAgo(1, '10:00:00'), source: 'shop', user: 'new' }]);
        latencies.push(performance.now() - begun);
        stored += 1;
      }
    };
    const ask = async (): Promise<void> => {
      while (!ended.signal.aborted) {
        const before = stored;
        const answer = await analyst.ask(FIGURES);
        const events = (answer.totals['events'] as number) - (totals['events'] as number);
        expect(events).toBeGreaterThanOrEqual(before);
        expect(events).toBeLessThanOrEqual(stored + 1);
      }
    };
    const others = Promise.all([write(), ask(), ask()]);
    const removed = await expire(analyst).finally(() => ended.abort());
    await others;
    expect(removed!.events).toBeGreaterThanOrEqual(MANY);
    expect(Math.max(...latencies)).toBeLessThan(2_000);
    expect(await countRaw(analyst)).toEqual({ app: 3, default: 1, shop: 2 + stored });
    const after = await analyst.ask(FIGURES);
    expect(after.totals['events']).toBe((totals['events'] as number) + stored);
    await expectVerified();
  });

  it('is one at a time', async () => {
    await other.query('SELECT pg_advisory_lock($1, $2)', [ROLLUP_LOCKS, RETENTION_LOCK]);
    expect(await expire(analyst)).toBeUndefined();
    await other.query('SELECT pg_advisory_unlock_all()');
    const { signal } = new AbortController();
    const both = await Promise.all([expire(analyst), runRetention(other, policy(), NOW, signal)]);
    expect(both).toContainEqual(expect.objectContaining({ events: expect.any(Number) }));
    expect(await countRaw(analyst)).toEqual({ app: 3, default: 1, shop: 2 });
  });

  it('goes on where one was killed after it had moved the horizons', async () => {
    const shop = { sources: new Map([[await sourceId('shop'), Date.parse(startOf(30)) / 60_000]]) };
    await moveHorizon(analyst.client, { all: Date.parse(startOf(400)) / 60_000, ...shop });
    expect(await countRaw(analyst)).toEqual({ app: 4, default: 2, shop: 6 });
    // Nobody is told of what is still there.
    expect((await analyst.get('events')).results).toHaveLength(2);
    expect(await (await analyst.server.get('/analytics/users/dan')).json()).toMatchObject({
      events: 0,
    });
    await expire(analyst);
    expect(await countRaw(analyst)).toEqual({ app: 3, default: 1, shop: 2 });
  });

  async function sourceId(name: string): Promise<number> {
    const { rows } = await analyst.client.query<{ id: number }>(
      'SELECT id FROM sources WHERE name = $1',
      [name],
    );
    return rows[0]!.id;
  }

  it('gives up for now where a query takes too long, and has removed nothing', async () => {
    await other.query('BEGIN; LOCK TABLE horizon IN ROW SHARE MODE');
    await expect(expire(analyst)).rejects.toThrow(TooBusyError);
    expect(await countRaw(analyst)).toEqual({ app: 4, default: 2, shop: 6 });
    await other.query('COMMIT');
    await expire(analyst);
    expect(await countRaw(analyst)).toEqual({ app: 3, default: 1, shop: 2 });
  }, 60_000);

  it('has minutes read anew first whose events were changed', async () => {
    await analyst.fold();
    await analyst.holdFolding([startOf(40)]);
    await other.query('DELETE FROM events WHERE time = $1', [daysAgo(40, '10:00:15')]);
    await analyst.client.query('SELECT pg_advisory_unlock_all()');
    await expire(analyst);
    const shop = { ...FIGURES, filters: [['is', 'source', ['shop']]] };
    expect((await analyst.ask(shop)).totals).toEqual({ events: 5, unique_users: 3 });
    await expectVerified();
  });

  it('removes rollups, too, after a longer time; older figures are refused then', async () => {
    await analyst.fold();
    await expire(analyst, policy({ rollupDays: 400 }));
    await record(analyst.client, [{ time: daysAgo(300, '10:00:00'), source: 'app', user: 'x' }]);
    const { rows } = await analyst.client.query('SELECT min(bucket) AS first FROM rollups');
    expect(rows).toEqual([{ first: new Date(startOf(200)) }]);
    const gone = {
      statusCode: 422,
      code: 'rollups_expired',
      rollups_from: startOf(400),
    };
    const asked = { metrics: ['events'], date_range: [startOf(401), startOf(0)] };
    expect(await analyst.refusal(asked)).toMatchObject(gone);
    const compared = {
      ...asked,
      date_range: [startOf(399), startOf(0)],
      compare: 'previous_period',
    };
    expect(await analyst.refusal(compared)).toMatchObject(gone);
    expect(await analyst.refusal({ ...FIGURES, metrics: ['new_users'] })).toMatchObject(gone);
    const hour = await analyst.server.get(`/analytics?timestamp=${daysAgo(500, '09:30:00')}`);
    expect([hour.status, await hour.json()]).toMatchObject([422, gone]);
    const all = await analyst.ask(FIGURES);
    expect(all.totals['events']).toBe(EVENTS.length);
    expect(all.query['date_range']).toMatchObject([
      daysAgo(300, '10:00:00').replace('.000Z', 'Z'),
      expect.any(String),
    ]);
    const { totals } = await analyst.ask({ ...asked, date_range: [startOf(400), startOf(0)] });
    expect(totals['events']).toBe(EVENTS.length - 1);
  });

  it('counts what is deleted row by row as well, as compression needs it', async () => {
    await analyst.client.query('BEGIN');
    await deleteRowByRow(analyst.client);
    await analyst.client.query('COMMIT');
    await recordMany();
    await analyst.fold();
    const before = (await analyst.ask(FIGURES)).totals['events'] as number;
    await expire(analyst);
    expect((await analyst.ask(FIGURES)).totals['events']).toBe(before);
    const { rows } = await other.query<{ seq: number }>(
      `SELECT seq FROM users WHERE id IN ('ada', 'user 7')`,
    );
    const seqs = rows.map(({ seq }) => seq);
    await analyst.holdFolding([startOf(2), startOf(200)]);
    await other.query('DELETE FROM events WHERE user_seq = ANY ($1)', [seqs]);
    const waiting = await other.query('SELECT minute FROM rollup_repairs ORDER BY 1');
    expect(waiting.rows.map(({ minute }) => minute as Date)).toEqual([
      new Date(daysAgo(200, '09:00:00')),
      new Date(daysAgo(2, '10:00:00')),
    ]);
    await expectVerified();
    expect((await analyst.ask(FIGURES)).totals['events']).toBe(before - 2);
  });
});

describe('a server that is told how long to keep things', () => {
  it('removes the rest again and again, also after its database was away, and ends', async () => {
    const analyst = await Analyst.start({ retention: policy({ intervalMs: 200 }) });
    analyst.client.on('error', () => {});
    const { app, databaseUrl } = analyst.server;
    const old = new Date(Date.now() - 91 * 86_400_000).toISOString();
    let tries = 0;
    // Each time of a source that has no horizon yet: a run gives one to those that it finds.
    const isStored = async (): Promise<boolean> => {
      tries += 1;
      const source = `source ${tries}`;
      const event = { event: 'click', user: 'a', timestamp: old, source };
      const answer = (await (await analyst.post('batch', [event])).json()) as { stored: number };
      return answer.stored === 1;
    };
    const isGone = async (): Promise<boolean> => (await rowsAt(databaseUrl, 'events')) === 0;
    try {
      await until(isStored);
      await until(isGone);
      await takeDatabaseAway(databaseUrl);
      expect((await analyst.post('query', FIGURES)).status).toBe(503);
      await bringDatabaseBack(databaseUrl);
      await until(isStored);
      await until(isGone);
      const { totals } = await analyst.ask(FIGURES);
      expect(totals).toEqual({ events: 2, unique_users: 1 });
      await app.close();
      const left = `pg_stat_activity WHERE application_name = 'user-analytics'
        AND datname = current_database()`;
      expect(await rowsAt(databaseUrl, left)).toBe(0);
    } finally {
      await analyst.stop();
    }
  }, 60_000);

  it.each([
    [{ days: 0 }, 'retention.days must be a number of days from 1 to 36500'],
    [{ sources: new Map([['shop', 1.5]]) }, 'retention.sources must be a number of days'],
    [{ days: 30, rollupDays: 29 }, 'retention.rollupDays must be a number of days'],
    [{ rollupDays: 400 }, 'retention.rollupDays must be set only together with'],
    [{ compressAfterDays: -1 }, 'retention.compressAfterDays must be a number of days'],
  ])('refuses %j', (options, message) => {
    const retention = Object.assign(new RetentionOptions(), options);
    expect(() => checkRetention(retention)).toThrow(message);
  });
});

async function rowsAt(url: string, table: string): Promise<number> {
  const client = new Client(url);
  await client.connect();
  const asked = client.query(`SELECT FROM ${table}`);
  return (await asked.finally(() => client.end())).rowCount!;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
