import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { migrations } from '../migrations/index.js';
import { DatabaseError } from '../src/database/database-error.js';
import { openDatabase } from '../src/database/open-database.js';
import { createEmptyDatabase, onTimescaledb } from './support/database.js';
import { migrateTo, revertTo, storeByItsMeans, withClient } from './support/old-schema.js';
import { until } from './support/poll.js';
import { Program } from './support/program.js';

const EVENTS = [
  { time: '2026-03-01T10:00:00Z', user: 'ada' },
  { time: '2026-03-01T10:00:01Z', event: 'impression' },
];

/** All that a migration may change, but for the list of those that ran. */
const SCHEMA = `
  SELECT format('%s.%s %s', table_name, column_name, data_type) AS line
  FROM information_schema.columns WHERE table_schema = 'public'
  UNION ALL
  SELECT format('%s %s', indexname, indexdef) FROM pg_indexes WHERE schemaname = 'public'
  UNION ALL
  SELECT format('%s %s', conname, pg_get_constraintdef(oid)) FROM pg_constraint
  WHERE connamespace = 'public'::regnamespace
  UNION ALL
  SELECT format('%s %s', tgname, pg_get_triggerdef(oid)) FROM pg_trigger WHERE NOT tgisinternal
  UNION ALL
  SELECT format('%s %s', proname, md5(prosrc)) FROM pg_proc
  WHERE pronamespace = 'public'::regnamespace
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
  ORDER BY 1`;

async function lines(client: Client): Promise<unknown[]> {
  return (await client.query<{ line: string }>(SCHEMA)).rows.map(({ line }) => line);
}

async function executed(client: Client): Promise<number> {
  const { rows } = await client.query('SELECT FROM analytics_migrations');
  return rows.length;
}

async function countEvents(client: Client): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM events',
  );
  return rows[0]!.count;
}

/** Sessions of this database that wait for a lock of others. */
async function waiting(client: Client): Promise<number> {
  const { rows } = await client.query(
    `SELECT FROM pg_stat_activity WHERE datname = current_database()
       AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()`,
  );
  return rows.length;
}

let database: { url: string; drop(): Promise<void> };
beforeEach(async () => {
  database = await createEmptyDatabase();
});
afterEach(() => database.drop());

describe('servers that find an older schema', () => {
  let folder: string;
  let programs: Program[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'user-analytics-schema-'));
    programs = [];
  });
  afterEach(async () => {
    for (const program of programs) {
      program.killGroup();
      await program.exited;
    }
    rmSync(folder, { recursive: true, force: true });
  });

  function start(): Program {
    const program = Program.start(folder, { env: { DATABASE_URL: database.url } });
    programs.push(program);
    return program;
  }

  /** The last statement of a migration waits for whoever holds this table. */
  function holdingMigrations<T>(work: () => Promise<T>): Promise<T> {
    return withClient(database.url, async (holder) => {
      await holder.query('BEGIN');
      await holder.query('LOCK TABLE analytics_migrations IN SHARE MODE');
      return work();
    });
  }

  it.each(migrations.slice(0, -1).map(({ name }, index) => [index + 1, name] as const))(
    'leave version %i as it was when they are killed in the middle of the next migration',
    async (count) => {
      await migrateTo(database.url, count);
      await withClient(database.url, async (client) => {
        await storeByItsMeans(client, EVENTS);
        const before = await lines(client);
        await holdingMigrations(async () => {
          const killed = start();
          await until(async () => (await waiting(client)) === 1);
          killed.kill('SIGKILL');
          await killed.exited;
        });
        // The next start waits for what the killed one was doing, and finds nothing of it.
        await until(async () => (await waiting(client)) === 0);
        await client.query('SELECT pg_advisory_lock(7301662941)');
        expect(await executed(client)).toBe(count);
        expect(await lines(client)).toEqual(before);
        await client.query('SELECT pg_advisory_unlock(7301662941)');
        await (await openDatabase(database.url, () => {})).destroy();
        expect(await executed(client)).toBe(migrations.length);
        expect(await countEvents(client)).toBe(EVENTS.length);
      });
    },
  );

  it('bring it up to date one after the other', async () => {
    await migrateTo(database.url, 3);
    await withClient(database.url, async (client) => {
      await storeByItsMeans(client, EVENTS);
      const both = await holdingMigrations(async () => {
        const started = [start(), start()];
        await until(async () => (await waiting(client)) === 2);
        return started;
      });
      await Promise.all(both.map((program) => program.ready()));
      expect(await executed(client)).toBe(migrations.length);
      expect(await countEvents(client)).toBe(EVENTS.length);
      for (const { url } of both) {
        const answer = await fetch(`${url}/analytics?timestamp=2026-03-01T10:30:00Z`);
        expect(await answer.text()).toBe('unique_users,1\nclicks,1\nimpressions,1\n');
      }
      expect(await Promise.all(both.map((program) => program.stop()))).toEqual([0, 0]);
    });
  });

  it('give a migration as long as it takes, unlike other statements', async () => {
    await migrateTo(database.url, 4);
    await withClient(database.url, async (client) => {
      await client.query('CREATE TABLE limits (statement_timeout text)');
      await client.query(
        `CREATE FUNCTION note_limit() RETURNS event_trigger LANGUAGE plpgsql AS $$
         BEGIN INSERT INTO limits SELECT current_setting('statement_timeout'); END $$`,
      );
      await client.query(
        'CREATE EVENT TRIGGER note ON ddl_command_end EXECUTE FUNCTION note_limit()',
      );
      const dataSource = await openDatabase(database.url, () => {});
      const { rows } = await client.query('SELECT DISTINCT statement_timeout FROM limits');
      expect(rows).toEqual([{ statement_timeout: '0' }]);
      const limits = await dataSource.query<unknown[]>('SHOW statement_timeout');
      expect(limits).toEqual([{ statement_timeout: '30s' }]);
      await dataSource.destroy();
    });
  });

  it('warn of servers that are still at work on it', async () => {
    await migrateTo(database.url, migrations.length - 1);
    const older = new Client({
      connectionString: database.url,
      application_name: 'user-analytics',
    });
    await older.connect();
    const said: string[] = [];
    const open = async (): Promise<void> =>
      (await openDatabase(database.url, (line) => said.push(line))).destroy();
    await open();
    expect(said).toEqual([expect.stringMatching(/Servers of an older version must be stopped/)]);
    // Nothing changes any more.
    await open();
    expect(said).toHaveLength(1);
    await older.end();
    await revertTo(database.url, migrations.length - 1);
    await open();
    expect(said).toHaveLength(1);
  });

  it('say which migrations they do not know, and change nothing', async () => {
    await (await openDatabase(database.url, () => {})).destroy();
    await withClient(database.url, async (client) => {
      await client.query(
        `INSERT INTO analytics_migrations (timestamp, name) VALUES (9999999999999, 'Later9999999999999')`,
      );
      const before = await lines(client);
      const program = start();
      expect(await program.exited).toBe(1);
      expect(program.output).toContain(
        'brought up to date by a newer version of this program, by Later9999999999999, which',
      );
      expect(program.output).not.toContain('.js');
      expect(await lines(client)).toEqual(before);
    });
    await expect(openDatabase(database.url, () => {})).rejects.toThrow(DatabaseError);
  });
});

describe('the newest migration, undone and done again', () => {
  it('keeps all events', async () => {
    await (await openDatabase(database.url, () => {})).destroy();
    await withClient(database.url, async (client) => {
      const before = await lines(client);
      await storeByItsMeans(client, EVENTS);
      await revertTo(database.url, migrations.length - 1);
      expect(await executed(client)).toBe(migrations.length - 1);
      expect(await countEvents(client)).toBe(EVENTS.length);
      await (await openDatabase(database.url, () => {})).destroy();
      expect(await countEvents(client)).toBe(EVENTS.length);
      expect(await lines(client)).toEqual(before);
    });
  });
});

if (onTimescaledb) {
  describe('a restore that was begun and not finished', () => {
    it('is told of at the start, since events seem to be gone', async () => {
      await (await openDatabase(database.url, () => {})).destroy();
      await withClient(database.url, (client) => client.query('SELECT timescaledb_pre_restore()'));
      await expect(openDatabase(database.url, () => {})).rejects.toThrow(
        /SELECT timescaledb_post_restore\(\)/,
      );
      await withClient(database.url, (client) => client.query('SELECT timescaledb_post_restore()'));
      await (await openDatabase(database.url, () => {})).destroy();
    });
  });
}
