import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Client, type QueryConfig } from 'pg';
import type { BatchResultDto } from '../src/ingest/batch/batch.dto.js';
import { readStorage } from '../src/database/storage.js';
import { KnownState } from '../src/query/engine/known-state.js';
import { runHour } from '../src/query/engine/run-hour.js';
import { inSnapshot } from '../src/query/engine/snapshot.js';
import { QueryOptions } from '../src/query/query-threads.js';
import { startApplication, type TestApplication } from './support/application.js';
import { onTimescaledb } from './support/database.js';

/** The end of an hour in the midst of those that are stored. */
const END = '2026-02-10T10:00:00Z';

describe('the table of events', () => {
  let server: TestApplication;

  beforeAll(async () => {
    server = await startApplication();
    await storeTwelveWeeks();
  });
  afterAll(() => server.stop());

  if (onTimescaledb) {
    it('is a hypertable on time', async () => {
      const { timescaledb } = await readStorage(server.dataSource);
      expect(timescaledb).toMatch(/^\d+\.\d+/);
      const dimensions = await server.dataSource.query(
        `SELECT hypertable_name, column_name, time_interval::text
         FROM timescaledb_information.dimensions`,
      );
      expect(dimensions).toEqual([
        { hypertable_name: 'events', column_name: 'time', time_interval: '7 days' },
      ]);
    });

    it('is read in the one chunk that the hour of a report lies in', async () => {
      const chunks = await server.dataSource.query<{ chunk: string; holds: boolean }[]>(
        `SELECT chunk_name AS chunk, $1::timestamptz BETWEEN range_start AND range_end AS holds
         FROM timescaledb_information.chunks WHERE hypertable_name = 'events'`,
        [END],
      );
      expect(chunks.length).toBeGreaterThanOrEqual(12);
      const needed = chunks.filter(({ holds }) => holds).map(({ chunk }) => chunk);
      const plan = await planOfReport();
      expect(new Set(plan.match(/_hyper_\d+_\d+_chunk\b(?!_)/g))).toEqual(new Set(needed));
      expect(needed).toHaveLength(1);
    });

    it('has the chunk of tomorrow before tomorrow', async () => {
      await server.post('/analytics?user=3&event=click&timestamp=1224567997');
      const [row] = await server.dataSource.query<{ chunks: number }[]>(
        `SELECT count(*)::int AS chunks FROM timescaledb_information.chunks
         WHERE now() + interval '1 day' >= range_start AND now() + interval '1 day' < range_end`,
      );
      expect(row!.chunks).toBe(1);
    });

    it('takes events of a new week while another new week is being written', async () => {
      const held = ['2026-03-20T12:00:00Z', '0190a1b2-0000-7000-8000-000000000003'];
      const writer = server.dataSource.createQueryRunner();
      await writer.startTransaction();
      await writer.query(
        `SELECT * FROM record_events(ARRAY[$1::timestamptz], ARRAY['u1'], ARRAY['click'],
           ids => ARRAY[$2::uuid])`,
        held,
      );
      // It meets the event above, and has to wait for what becomes of that.
      const waiting = batch([
        { timestamp: '2025-01-01T12:00:00Z', user: 'u2', event: 'click' },
        { timestamp: held[0], id: held[1], user: 'u1', event: 'click' },
      ]);
      await blocked();
      expect(await batch([{ timestamp: '2024-01-01T12:00:00Z', user: 'u3', event: 'click' }])).toBe(
        '1 stored, 0 duplicates',
      );
      await writer.commitTransaction();
      await writer.release();
      expect(await waiting).toBe('1 stored, 1 duplicates');
    });
  } else {
    it('is a plain table', async () => {
      const { timescaledb } = await readStorage(server.dataSource);
      expect(timescaledb).toBeUndefined();
    });
  }

  it('is read by the index, and no more of it than a minute at the end of the report', async () => {
    const plan = await planOfReport();
    expect(plan).toMatch(/(Index (Only )?Scan|Bitmap Index Scan).*events_pkey/);
    expect(plan).toMatch(/Scan.* on .*(rows=1|rows=1\.00) /);
    expect(plan).not.toContain('Rows Removed by Filter');
  });

  /** An event every ten minutes. */
  async function storeTwelveWeeks(): Promise<void> {
    await server.dataSource.query(
      `SELECT count(*) FROM record_events(
         (SELECT array_agg(moment) FROM generate_series('2026-01-01T00:00:00Z'::timestamptz,
            '2026-03-25T00:00:00Z', '10 minutes') AS moment),
         (SELECT array_agg('u' || n % 100) FROM generate_series(1, 83 * 144 + 1) AS n),
         (SELECT array_agg('click'::text) FROM generate_series(1, 83 * 144 + 1)))`,
    );
    await server.dataSource.query('ANALYZE events');
  }

  async function batch(events: object[]): Promise<string> {
    const response = await server.post('/analytics/batch', {
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(events),
      signal: AbortSignal.timeout(20_000),
    });
    const { stored, duplicates } = (await response.json()) as BatchResultDto;
    return `${stored} stored, ${duplicates} duplicates`;
  }

  /** Until one session waits for another. */
  async function blocked(): Promise<void> {
    let waiting: unknown[];
    do {
      waiting = await server.dataSource.query<unknown[]>(
        `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
      );
    } while (waiting.length === 0);
  }

  /** How the database reads the raw events of a report: the minute that its last moment begins. */
  async function planOfReport(): Promise<string> {
    const client = new Client(server.databaseUrl);
    await client.connect();
    const sent = jest.spyOn(client, 'query');
    const end = Date.parse(END);
    const state = new KnownState(new QueryOptions(), 1_000_000);
    const plan = await inSnapshot(client, 30_000, async (snapshot) => {
      const window = { from: end - 3_600_000, to: end };
      const { users, clicks } = await runHour(client, snapshot, state, window);
      expect([users, clicks]).toEqual([7, 7]);
      const statements = sent.mock.calls.map(([statement]) => statement as unknown as QueryConfig);
      const { text, values } = statements.find((statement) =>
        statement.text?.includes('FROM events'),
      )!;
      // In the same transaction, since its settings count.
      return await client.query<{ 'QUERY PLAN': string }>({
        text: `EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) ${text}`,
        values: values!,
      });
    });
    await client.end();
    return plan.rows.map((row) => row['QUERY PLAN']).join('\n');
  }
});
