import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { clientTools, commandsOf, runCommands } from '../support/client-tools.js';
import { databaseUrl, query, Workplace, type Program } from '../support/program.js';

const PAGE = 'docs/backup.md';
const HOUR = '/analytics?timestamp=1224567999';
const FIGURES = 'unique_users,2\nclicks,1\nimpressions,1\n';

// One after the other on the same server: each start takes seconds.
describe('the database that npm start makes', () => {
  let place: Workplace;
  let server: Program;

  beforeAll(async () => {
    place = new Workplace();
    server = await place.startReady();
    await send(server, 'timestamp=1224567997&user=3&event=click&id=a');
    await send(server, 'timestamp=1224567998&user=4&event=impression&id=b');
  });
  afterAll(() => place.clear());

  async function send({ url }: Program, event: string): Promise<void> {
    const { status } = await fetch(`${url}/analytics?${event}`, { method: 'POST' });
    expect(status).toBe(204);
  }

  const figures = async ({ url }: Program): Promise<string> => (await fetch(url + HOUR)).text();

  /** A retry changes nothing, and somebody new is somebody else. */
  async function goesOn(restored: Program, dataDir: string): Promise<void> {
    expect(await figures(restored)).toBe(FIGURES);
    await send(restored, 'timestamp=1224567998&user=4&event=impression&id=b');
    expect(await figures(restored)).toBe(FIGURES);
    await send(restored, 'timestamp=1224567998&user=5&event=impression');
    expect(await figures(restored)).toBe('unique_users,3\nclicks,1\nimpressions,2\n');
    expect(await query(dataDir, 'SELECT id, seq FROM users ORDER BY seq')).toEqual([
      { id: '3', seq: 1 },
      { id: '4', seq: 2 },
      { id: '5', seq: 3 },
    ]);
  }

  if (clientTools !== undefined) {
    it('can be dumped while it runs, and restored into a new folder', async () => {
      const address = commandsOf(PAGE, 'The database of `npm start`');
      await runCommands(address + commandsOf(PAGE, 'Make a backup'), place.folder, {});
      const newDir = place.dataDir('data.restored');
      const empty = await place.startReady({}, newDir);
      const isHypertable = empty.output.includes('events in a hypertable');
      const restore = commandsOf(PAGE, isHypertable ? 'On TimescaleDB' : 'On plain PostgreSQL');
      const commands =
        commandsOf(PAGE, 'The database of `npm start`', 2) +
        restore.replace(/^createdb .*\\\n.*\n/, '');
      await runCommands(commands, place.folder, { TARGET: databaseUrl(newDir) });
      expect(await empty.stop()).toBe(0);
      const restored = await place.startReady({}, newDir);
      await goesOn(restored, newDir);
      await restored.stop();
    });
  }

  it('is a folder that can be copied while no server runs', async () => {
    expect(await server.stop()).toBe(0);
    const copy = place.dataDir('data.backup');
    await runCommands(
      commandsOf(PAGE, 'The database of `npm start`', 1).replace(
        'data data.backup',
        `data ${copy}`,
      ),
      place.folder,
      {},
    );
    await goesOn(await place.startReady({}, copy), copy);
  });
});
