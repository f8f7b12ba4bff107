import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { parseQuery } from '../src/query/language/parse-query.js';
import { fold } from '../src/rollup/fold.js';
import { moveHorizon } from '../src/rollup/horizon.js';
import { verifyMinutes } from '../src/rollup/verify.js';
import { record } from './support/analyst.js';
import { createDatabase, type TestDatabase } from './support/database.js';
import { ModelDatabase } from './support/model/model-database.js';
import { until } from './support/poll.js';

const MIGRATION = 'Nobody1764300000001';
const MINUTE = Date.parse('2026-03-01T10:20:00Z') / 60_000;
const DAY = MINUTE - (MINUTE % 1_440);

const timeOf = (minute: number, ms = 0): string => new Date(minute * 60_000 + ms).toISOString();

describe("the migration that brings rollups the number of nobody's events", () => {
  let database: TestDatabase;
  let client: Client;
  let asking: ModelDatabase;

  beforeEach(async () => {
    database = await createDatabase();
    client = new Client(database.url);
    await client.connect();
    asking = await ModelDatabase.open(database.url);
  });
  afterEach(async () => {
    await asking.close();
    await client.end();
    await database.drop();
  });

  async function undo(): Promise<void> {
    const { dataSource } = database;
    const isThere = async (): Promise<boolean> => {
      const rows = await dataSource.query<unknown[]>(
        'SELECT FROM analytics_migrations WHERE name = $1',
        [MIGRATION],
      );
      return rows.length > 0;
    };
    while (await isThere()) await dataSource.undoLastMigration();
  }

  /** Events and nobody's, of some minutes. */
  async function counted(from: number, to: number): Promise<[unknown, unknown]> {
    const range = [timeOf(from), timeOf(to)];
    const { totals, meta } = await asking.ask(
      parseQuery({ metrics: ['events'], date_range: range }),
    );
    return [totals['events'], (meta as { anonymous_events: number }).anonymous_events];
  }

  async function repairs(): Promise<string[]> {
    const { rows } = await client.query<{ minute: Date }>(
      'SELECT minute FROM rollup_repairs ORDER BY minute',
    );
    return rows.map(({ minute }) => minute.toISOString());
  }

  it('makes right what was counted before, folded or not', async () => {
    await record(client, [
      { time: timeOf(MINUTE) },
      { time: timeOf(MINUTE, 1), user: 'ada' },
      { time: timeOf(MINUTE + 1), user: 'ada' },
      { time: timeOf(MINUTE + 90), bot: true },
    ]);
    await fold(client);
    await undo();
    // As the version before did: these wait to be folded, one of them in a minute that is.
    await record(client, [{ time: timeOf(MINUTE, 2) }, { time: timeOf(MINUTE + 2) }]);
    await record(client, [{ time: timeOf(MINUTE + 3), user: 'bob' }]);
    await database.dataSource.runMigrations();
    const minutes = [MINUTE, MINUTE + 2, MINUTE + 90];
    expect(await repairs()).toEqual(minutes.map((minute) => timeOf(minute)));
    expect(await counted(DAY, DAY + 1_440)).toEqual([6, 3]);
    // Beside what is read anew new events are counted, too.
    await record(client, [{ time: timeOf(MINUTE + 3) }, { time: timeOf(MINUTE + 2, 1) }]);
    expect(await counted(DAY, DAY + 1_440)).toEqual([8, 5]);
    await fold(client);
    expect(await repairs()).toEqual([]);
    expect(await counted(DAY, DAY + 1_440)).toEqual([8, 5]);
    expect(await verifyMinutes(client, DAY, DAY + 1_440)).toEqual([]);
  });

  it('leaves 0 below the horizon, where it can be read from nothing', async () => {
    await record(client, [{ time: timeOf(MINUTE) }, { time: timeOf(MINUTE + 1) }]);
    await record(client, [{ time: timeOf(MINUTE + 2), user: 'ada' }]);
    await fold(client);
    await moveHorizon(client, MINUTE + 1);
    await client.query('DELETE FROM events USING horizon WHERE time < raw_from');
    expect(await counted(DAY, DAY + 1_440)).toEqual([3, 2]);
    await undo();
    await database.dataSource.runMigrations();
    expect(await repairs()).toEqual([timeOf(MINUTE + 1)]);
    expect(await counted(DAY, DAY + 1_440)).toEqual([3, 1]);
    await fold(client);
    expect(await counted(DAY, DAY + 1_440)).toEqual([3, 1]);
    expect(await counted(MINUTE, MINUTE + 1)).toEqual([1, 0]);
    expect(await verifyMinutes(client, MINUTE + 1, MINUTE + 2)).toEqual([]);
  });

  it('waits for who is writing, whose events it has to see', async () => {
    await undo();
    await client.query('BEGIN');
    await record(client, [{ time: timeOf(MINUTE) }]);
    const migrating = database.dataSource.runMigrations();
    await until(async () => {
      const { rowCount } = await client.query(
        `SELECT FROM pg_stat_activity
         WHERE wait_event_type = 'Lock' AND datname = current_database()`,
      );
      return rowCount === 1;
    });
    await client.query('COMMIT');
    await migrating;
    expect(await repairs()).toEqual([timeOf(MINUTE)]);
    await fold(client);
    expect(await counted(DAY, DAY + 1_440)).toEqual([1, 1]);
  });

  it('goes back with what was counted, and takes events as before', async () => {
    await record(client, [{ time: timeOf(MINUTE) }, { time: timeOf(MINUTE), user: 'ada' }]);
    await fold(client);
    await undo();
    await record(client, [{ time: timeOf(MINUTE + 1) }, { time: timeOf(MINUTE + 1), user: 'bob' }]);
    const { rows } = await client.query(
      'SELECT events, cardinality(users) AS users FROM rollup_deltas',
    );
    expect(rows).toEqual([{ events: 2, users: 1 }]);
    const { rows: columns } = await client.query(
      `SELECT FROM information_schema.columns WHERE column_name = 'nobody'`,
    );
    expect(columns).toEqual([]);
    const { rows: days } = await client.query(
      'SELECT events, user_count FROM rollups WHERE grain = 1440 AND name_id = 0',
    );
    expect(days).toEqual([{ events: '2', user_count: 1 }]);
    await expect(
      client
        .query(`UPDATE horizon SET raw_from = $1`, [timeOf(MINUTE + 1)])
        .then(() => record(client, [{ time: timeOf(MINUTE) }])),
    ).rejects.toMatchObject({ constraint: 'events_above_horizon' });
  });
});
