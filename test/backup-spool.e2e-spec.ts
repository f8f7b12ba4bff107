import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openDatabase } from '../src/database/open-database.js';
import { startApplication, type TestApplication } from './support/application.js';
import { clientTools, commandsOf, runCommands } from './support/client-tools.js';
import {
  administer,
  bringDatabaseBack,
  createDatabase,
  onTimescaledb,
  serverUrl,
  takeDatabaseAway,
  type TestDatabase,
} from './support/database.js';
import { withClient } from './support/old-schema.js';
import { until } from './support/poll.js';

const PAGE = 'docs/backup.md';
const TIME = '2026-03-01T10:00:00Z';

if (clientTools !== undefined) {
  describe('what waits on disk for a database that is restored from an older dump', () => {
    const restoredName = `spooled_${randomBytes(5).toString('hex')}`;
    let folder: string;
    let database: TestDatabase;
    let restoredUrl: string;

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'user-analytics-backup-'));
      database = await createDatabase();
      const url = new URL(serverUrl());
      url.pathname = `/${restoredName}`;
      restoredUrl = url.href;
    });
    afterAll(async () => {
      await administer(`DROP DATABASE IF EXISTS ${restoredName} WITH (FORCE)`);
      await database.drop();
      rmSync(folder, { recursive: true, force: true });
    });

    const spool = (): string => join(folder, 'spool');

    async function start(url: string): Promise<TestApplication> {
      const dataSource = await openDatabase(url, () => {});
      const options = { spool: { directory: spool(), maxBytes: 10_000_000 } };
      return startApplication(options, { database: { url, dataSource, drop: async () => {} } });
    }

    async function send(server: TestApplication, users: readonly string[]): Promise<number> {
      const events = users.map((user) => ({ timestamp: TIME, user, event: 'click', id: user }));
      const { status } = await server.post('/analytics/batch', {
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(events),
      });
      return status;
    }

    const users = (url: string): Promise<string[]> =>
      withClient(url, async (client) => {
        const { rows } = await client.query<{ id: string }>(
          'SELECT users.id FROM events JOIN users ON seq = user_seq ORDER BY 1',
        );
        return rows.map(({ id }) => id);
      });

    const segments = (): string[] =>
      readdirSync(spool(), { recursive: true, encoding: 'utf8' }).filter((name) =>
        name.endsWith('.log'),
      );

    function run(heading: string): Promise<string> {
      const commands = commandsOf(PAGE, heading).replaceAll('analytics_restored', restoredName);
      return runCommands(commands, folder, {
        DATABASE_URL: database.url,
        ADMIN: serverUrl(),
        TARGET: restoredUrl,
        OWNER: new URL(serverUrl()).username,
      });
    }

    it('is stored once by a server that starts on it, and not by one on another database', async () => {
      const server = await start(database.url);
      expect(await send(server, ['in the dump'])).toBe(200);
      await run('Make a backup');
      expect(await send(server, ['after the dump'])).toBe(200);
      await takeDatabaseAway(database.url);
      expect(await send(server, ['in the dump', 'on disk'])).toBe(202);
      await server.stop();
      await bringDatabaseBack(database.url);
      await run(onTimescaledb ? 'On TimescaleDB' : 'On plain PostgreSQL');

      // One that is to live beside the original.
      const renumber = (id: string): Promise<unknown> =>
        withClient(restoredUrl, (client) => client.query(`UPDATE installation SET id = ${id}`));
      const number = await withClient(database.url, async (client) => {
        const { rows } = await client.query<{ id: string }>('SELECT id FROM installation');
        return rows[0]!.id;
      });
      await renumber('gen_random_uuid()');
      const waiting = segments();
      expect(waiting.length).toBeGreaterThan(0);
      const beside = await start(restoredUrl);
      expect(await send(beside, ['beside'])).toBe(200);
      await beside.stop();
      expect(segments()).toEqual(waiting);
      expect(await users(restoredUrl)).toEqual(['beside', 'in the dump']);

      // And one in its place.
      await renumber(`'${number}'`);
      const restored = await start(restoredUrl);
      await until(() => segments().length === 0);
      expect(await users(restoredUrl)).toEqual(['beside', 'in the dump', 'on disk']);
      // Whoever sends the gap again fills it.
      expect(await send(restored, ['in the dump', 'after the dump', 'on disk'])).toBe(200);
      expect(await users(restoredUrl)).toEqual([
        'after the dump',
        'beside',
        'in the dump',
        'on disk',
      ]);
      await restored.stop();
    });
  });
}
