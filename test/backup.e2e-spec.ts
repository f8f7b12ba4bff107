import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openDatabase } from '../src/database/open-database.js';
import { moveHorizon } from '../src/rollup/horizon.js';
import { startApplication, type TestApplication } from './support/application.js';
import { administer, onTimescaledb, serverUrl, type TestDatabase } from './support/database.js';
import { everyAnswer, keepWriting, sendOfAllKinds, type Writing } from './support/every-kind.js';
import { clientTools, commandsOf, runCommands } from './support/client-tools.js';
import { withClient } from './support/old-schema.js';
import { until } from './support/poll.js';
import { allEvents, daysBySql, foldAll, isFolded, verifyAll } from './support/stored-figures.js';
import { ROLLUP_LOCKS } from '../src/rollup/locks.js';

const PAGE = 'docs/backup.md';
const HELD_DAY = Date.parse('2026-03-03T00:00:00Z') / 86_400_000;
const HORIZON_MINUTE = Date.parse('2026-02-01T00:00:00Z') / 60_000;

/** A role of its own, as a careful operator's server has, and a database that belongs to it. */
async function createOwned(name: string): Promise<TestDatabase> {
  await administer(`CREATE ROLE ${name} LOGIN PASSWORD 'owner'`);
  await administer(`CREATE DATABASE ${name} OWNER ${name} TEMPLATE template0`);
  if (onTimescaledb) await query(adminOf(name), 'CREATE EXTENSION timescaledb');
  const url = ownedUrl(name, name);
  return {
    url,
    dataSource: await openDatabase(url, () => {}),
    drop: async () => {},
  };
}

function adminOf(database: string): string {
  const url = new URL(serverUrl());
  url.pathname = `/${database}`;
  return url.href;
}

function ownedUrl(database: string, role: string): string {
  const url = new URL(adminOf(database));
  url.username = role;
  url.password = 'owner';
  return url.href;
}

const query = (url: string, sql: string): Promise<unknown[]> =>
  withClient(url, async (client) => (await client.query<object>(sql)).rows);

// Where there are no client programs nothing can be dumped; npm test says so.
if (clientTools !== undefined) {
  describe('a database that was dumped while it was written to, and restored', () => {
    const name = `backup_${randomBytes(5).toString('hex')}`;
    const restoredName = `${name}_restored`;
    let folder: string;
    let server: TestApplication | undefined;
    let restored: TestApplication;
    let expected: unknown;
    let writing: Writing;
    let said: string;
    /** Acknowledged before the dump began. */
    let acknowledged: number;

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'user-analytics-backup-'));
      const original = await startApplication(undefined, { database: await createOwned(name) });
      server = original;
      await withClient(original.databaseUrl, async (client) => {
        await client.query('SELECT pg_advisory_lock($1, $2)', [ROLLUP_LOCKS, HELD_DAY]);
        await sendOfAllKinds(original);
        await until(async () => {
          const { rows } = await client.query('SELECT DISTINCT minute::date FROM rollup_deltas');
          return rows.length === 1;
        });
        await moveHorizon(client, HORIZON_MINUTE);
        await client.query('DELETE FROM events USING horizon WHERE time < raw_from');
        writing = keepWriting(original);
        await until(() => writing.acknowledged.size > 500);
        acknowledged = writing.acknowledged.size;
        said = await run('Make a backup');
        await writing.stop();
        expected = await everyAnswer(original);
      });
      await original.stop();
      server = undefined;
      said += await run(onTimescaledb ? 'On TimescaleDB' : 'On plain PostgreSQL');
      restored = await startRestored();
    });
    afterAll(async () => {
      await restored?.stop();
      await server?.stop();
      for (const database of [name, restoredName]) {
        await administer(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
      }
      await administer(`DROP ROLE IF EXISTS ${name}`);
      rmSync(folder, { recursive: true, force: true });
    });

    function run(heading: string): Promise<string> {
      const commands = commandsOf(PAGE, heading).replaceAll('analytics_restored', restoredName);
      return runCommands(commands, folder, {
        DATABASE_URL: adminOf(name),
        ADMIN: serverUrl(),
        TARGET: adminOf(restoredName),
        OWNER: name,
      });
    }

    async function startRestored(): Promise<TestApplication> {
      const url = ownedUrl(restoredName, name);
      const dataSource = await openDatabase(url, () => {});
      return startApplication(undefined, { database: { url, dataSource, drop: async () => {} } });
    }

    const onRestored = <T>(work: Parameters<typeof withClient<T>>[1]): Promise<T> =>
      withClient(adminOf(restoredName), work);

    it('was dumped and restored with no words but about circular foreign keys', () => {
      const lines = said.split('\n').map((line) => line.trim());
      const isTable = (line: string): boolean => /^(t|\(1 row\)|timescaledb_\w+|-*)$/.test(line);
      const isAboutKeys = (line: string): boolean =>
        /^pg_dump: (warning: there are circular|detail: \w+$|hint: )/.test(line);
      expect(lines.filter((line) => !isTable(line) && !isAboutKeys(line))).toEqual([]);
    });

    it('answers everything as the other one does, before and after what waits is folded', async () => {
      for (const part of ['acme', 'belongs_to_another', 'unknown_event', 'raw_from', '"pro"']) {
        expect(JSON.stringify(expected)).toContain(part);
      }
      expect(await everyAnswer(restored)).toEqual(expected);
      await onRestored(async (client) => {
        await foldAll(client);
        expect(await isFolded(client)).toBe(true);
      });
      expect(await everyAnswer(restored)).toEqual(expected);
    });

    it('has rollups that are what its events come to, and every acknowledged event', async () => {
      await onRestored(async (client) => {
        expect(await verifyAll(client)).toEqual([]);
        const { rows } = await client.query<{ id: string }>(`SELECT id FROM events`);
        const ids = new Set(rows.map(({ id }) => id));
        const known = [...writing.acknowledged].slice(0, acknowledged);
        expect(known.filter((id) => !ids.has(id))).toEqual([]);
        // The dump was made while others came.
        expect(writing.acknowledged.size).toBeGreaterThan(acknowledged);
      });
    });

    it('lies on the same storage, with the same owner, settings and sequences', async () => {
      const asked = `SELECT relname, relowner::regrole::text, reloptions, relkind FROM pg_class
        WHERE relnamespace = 'public'::regnamespace ORDER BY relname`;
      expect(await query(adminOf(restoredName), asked)).toEqual(await query(adminOf(name), asked));
      const sequences = `SELECT count(*)::int AS behind FROM users, users_seq_seq WHERE seq > last_value`;
      expect(await query(adminOf(restoredName), sequences)).toEqual([{ behind: 0 }]);
      const versions = `SELECT count(*)::int AS behind FROM rollups, rollup_versions WHERE version > last_value`;
      expect(await query(adminOf(restoredName), versions)).toEqual([{ behind: 0 }]);
      const number = 'SELECT id FROM installation';
      expect(await query(adminOf(restoredName), number)).toEqual(
        await query(adminOf(name), number),
      );
    });

    it('goes on: duplicates are known, new users have numbers of their own', async () => {
      await onRestored(async (client) => {
        const before = await allEvents(client);
        await sendOfAllKinds(restored);
        expect(await allEvents(client)).toEqual(before);
        const more = keepWriting(restored);
        await until(() => more.acknowledged.size > 500);
        await more.stop();
        const { rows } = await client.query<{ users: number; numbers: number; last: number }>(
          `SELECT count(*)::int AS users, count(DISTINCT seq)::int AS numbers, max(seq) AS last
           FROM users`,
        );
        expect(rows[0]!.numbers).toBe(rows[0]!.users);
        expect((await allEvents(client)).length).toBe(before.length + more.acknowledged.size);
        await foldAll(client);
        expect(await verifyAll(client)).toEqual([]);
        expect((await daysBySql(client)).length).toBeGreaterThan(0);
      });
    });
  });
}
