import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { readStorage } from '../src/database/storage.js';
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
  } else {
    it('is a plain table', async () => {
      const { timescaledb } = await readStorage(server.dataSource);
      expect(timescaledb).toBeUndefined();
    });
  }

  it('is read by the index, and no more of it than the hour of the report', async () => {
    const plan = await planOfReport();
    expect(plan).toMatch(/(Index (Only )?Scan|Bitmap Index Scan).*events_pkey/);
    expect(plan).toMatch(/Scan.* on .*(rows=7|rows=7\.00) /);
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

  /** How the database carries out what a report asks of it. */
  async function planOfReport(): Promise<string> {
    const log = jest.spyOn(server.dataSource.logger, 'logQuery');
    const report = await server.get(`/analytics?timestamp=${END}`);
    expect(await report.text()).toBe('unique_users,7\nclicks,7\nimpressions,0\n');
    const [query, parameters] = log.mock.calls.find(([sql]) => sql.includes('"events"'))!;
    log.mockRestore();
    const plan = await server.dataSource.query<{ 'QUERY PLAN': string }[]>(
      `EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) ${query}`,
      parameters,
    );
    return plan.map((row) => row['QUERY PLAN']).join('\n');
  }
});
