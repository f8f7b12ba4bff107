import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MessageChannel } from 'node:worker_threads';
import { parseQuery } from '../src/query/language/parse-query.js';
import { QueryEngine } from '../src/query/thread/query-engine.js';
import { record } from './support/analyst.js';
import { administer, createDatabase, type TestDatabase } from './support/database.js';
import { withClient } from './support/old-schema.js';
import { until } from './support/poll.js';
import { foldAll } from './support/stored-figures.js';

/** More than one, so that their sets of users are needed and not their numbers alone. */
const DAYS = ['2026-03-01', '2026-03-03'];
const NAME = 'asks and lets go';
const LIMITS = {
  maxRawRows: 1_000_000,
  maxBuckets: 1_000_000,
  maxResultRows: 100_000,
  timeoutMs: 30_000,
};

const nameOf = ({ url }: TestDatabase): string => new URL(url).pathname.slice(1);

describe('who asks a database in whose place another one has been put', () => {
  let one: TestDatabase;
  let other: TestDatabase;

  beforeEach(async () => {
    one = await createDatabase();
    other = await createDatabase();
  });
  afterEach(async () => {
    await one.drop();
    await other.drop();
  });

  async function fill({ url }: TestDatabase, users: readonly string[]): Promise<void> {
    await withClient(url, async (client) => {
      await record(
        client,
        DAYS.flatMap((day) => users.map((user) => ({ time: `${day}T10:00:00Z`, user }))),
      );
      await foldAll(client);
    });
  }

  async function versions({ url }: TestDatabase): Promise<unknown> {
    return withClient(
      url,
      async (client) =>
        (await client.query<object>('SELECT grain, version FROM rollups ORDER BY 1, 2')).rows,
    );
  }

  /** Sessions that aren't this test's are of the extension's own, and come again. */
  async function rename(from: string, to: string): Promise<void> {
    await until(async () => {
      await administer(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${from}'`,
      );
      await administer(`ALTER DATABASE ${from} RENAME TO ${to}`);
      return true;
    });
  }

  it('hears nothing of the first one any more, though no connection was lost', async () => {
    await fill(one, ['ada']);
    await fill(other, ['bob', 'cleo']);
    expect(await versions(other)).toEqual(await versions(one));
    const connection = {
      connectionString: one.url,
      application_name: NAME,
      // So that none of its own is there to be lost.
      idleTimeoutMillis: 1,
    };
    const settings = { connection, maxConnections: 1, cacheBytes: 1_000_000, limits: LIMITS };
    const engine = new QueryEngine(settings);
    const query = parseQuery({
      metrics: ['unique_users'],
      date_range: ['2026-02-01', '2026-04-01'],
    });
    const ask = async (): Promise<unknown> => {
      const { port1, port2 } = new MessageChannel();
      const task = { now: Date.parse('2026-03-05T00:00:00Z'), cancel: port1 };
      const answer = await engine.run({ kind: 'query', query, format: 'json' }, task);
      port2.close();
      return (JSON.parse(answer.text) as { totals: unknown }).totals;
    };
    expect(await ask()).toEqual({ unique_users: 1 });
    await withClient(other.url, (client) =>
      until(async () => {
        const sessions = 'SELECT FROM pg_stat_activity WHERE application_name = $1';
        return (await client.query(sessions, [NAME])).rowCount === 0;
      }),
    );
    await one.dataSource.destroy();
    await other.dataSource.destroy();
    await rename(nameOf(one), `${nameOf(one)}_before`);
    await rename(nameOf(other), nameOf(one));
    expect(await ask()).toEqual({ unique_users: 2 });
    await administer(`DROP DATABASE ${nameOf(one)}_before WITH (FORCE)`);
  });
});
