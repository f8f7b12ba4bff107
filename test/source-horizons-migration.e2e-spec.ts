import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../src/database/data-source-options.js';
import { fold } from '../src/rollup/fold.js';
import { moveHorizon } from '../src/rollup/horizon.js';
import { readHorizons } from '../src/rollup/horizons.js';
import { verifyMinutes } from '../src/rollup/verify.js';
import { record } from './support/analyst.js';
import { createEmptyDatabase } from './support/database.js';

const TIME = '2026-03-01T10:20:30Z';
const MINUTE = Date.parse('2026-03-01T10:20:00Z') / 60_000;

describe('the migration to horizons by source', () => {
  let database: { url: string; drop(): Promise<void> };
  let dataSource: DataSource;
  let client: Client;

  beforeAll(async () => {
    database = await createEmptyDatabase();
    dataSource = await new DataSource(dataSourceOptions(database.url)).initialize();
    await dataSource.runMigrations();
    client = new Client(database.url);
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await dataSource.destroy();
    await database.drop();
  });

  const sources = ['default', 'shop'];

  it('is undone and done again with data, and nothing that is gone can be made anew', async () => {
    await record(
      client,
      sources.map((source) => ({ time: TIME, user: 'a', source })),
    );
    await fold(client);
    const { rows } = await client.query<{ id: number }>(
      `SELECT id FROM sources WHERE name = 'shop'`,
    );
    await moveHorizon(client, { sources: new Map([[rows[0]!.id, MINUTE + 1]]) });
    expect((await readHorizons(client)).earliest).toBe(Number.NEGATIVE_INFINITY);
    const isThere = async (): Promise<boolean> =>
      (await client.query(`SELECT to_regclass('source_horizons') AS found`)).rows[0].found !== null;
    while (await isThere()) await dataSource.undoLastMigration();
    const later = await client.query<{ raw_from: Date }>('SELECT raw_from FROM horizon');
    expect(later.rows).toEqual([{ raw_from: new Date((MINUTE + 1) * 60_000) }]);
    for (const source of sources) {
      await expect(record(client, [{ time: TIME, user: 'b', source }])).rejects.toMatchObject({
        constraint: 'events_above_horizon',
      });
    }
    const next = new Date((MINUTE + 1) * 60_000).toISOString();
    await record(client, [{ time: next, user: 'b', source: 'shop' }]);
    await client.query('DELETE FROM events WHERE time = $1', [next]);
    const { rowCount } = await client.query('SELECT FROM rollup_repairs');
    expect(rowCount).toBe(1);
    await dataSource.runMigrations();
    await fold(client);
    expect((await readHorizons(client)).earliest).toBe(MINUTE + 1);
    expect(await verifyMinutes(client, MINUTE + 1, MINUTE + 60)).toEqual([]);
    const kept = await client.query(
      'SELECT events, user_count FROM rollups WHERE grain = 1 AND name_id = 0 AND bucket = $1',
      [new Date(MINUTE * 60_000)],
    );
    expect(kept.rows).toEqual(sources.map(() => ({ events: '1', user_count: 1 })));
  });
});
