import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isUnavailable } from '../src/common/database-errors.js';
import { withClient } from '../src/ingest/store/database-client.js';
import { createDatabase, type TestDatabase } from './support/database.js';

describe('work on a connection of the pool', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createDatabase();
  });
  afterAll(() => database.drop());

  it('fails, and the process lives, when the connection is lost between two statements', async () => {
    const { dataSource } = database;
    const work = withClient(dataSource, async (client) => {
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      const ended = new Promise<void>((resolve) => client.once('end', resolve));
      await dataSource.query('SELECT pg_terminate_backend($1)', [rows[0]!.pid]);
      await ended;
      await client.query('SELECT 1');
    });
    expect(isUnavailable(await work.catch((error: unknown) => error))).toBe(true);
    expect(await withClient(dataSource, async () => 'another')).toBe('another');
  });
});
