import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { fold } from '../../src/rollup/fold.js';
import { ROLLUP_LOCKS } from '../../src/rollup/locks.js';
import { until } from '../support/poll.js';
import { databaseUrl, postmasterPid, query, Workplace, type Program } from '../support/program.js';

const COMMAND = [process.execPath, '--enable-source-maps', 'dist/src/main.js', 'rollups'];
const FIRST_DAY = 20_500;
const DAYS = 3;

// One after the other on the same server: each start takes seconds.
describe('npm run rollups', () => {
  let place: Workplace;
  let dataDir: string;
  let server: Program;

  beforeAll(async () => {
    place = new Workplace();
    dataDir = place.dataDir();
    server = await place.startReady();
  });
  afterAll(() => place.clear());

  async function run(...argv: string[]): Promise<{ code: unknown; output: string }> {
    const program = place.start({ command: [...COMMAND, ...argv] });
    return { code: await program.exited, output: program.output };
  }

  async function withClient(work: (client: Client) => Promise<void>): Promise<void> {
    const client = new Client(databaseUrl(dataDir));
    await client.connect();
    await work(client).finally(() => client.end());
  }

  it('verifies and rebuilds beside a server', async () => {
    for (let day = 0; day < DAYS; day += 1) {
      const time = (FIRST_DAY + day) * 86_400;
      for (const user of ['a', 'b']) {
        const event = `timestamp=${time}&user=${user}&event=click`;
        await fetch(`${server.url}/analytics?${event}`, { method: 'POST' });
      }
    }
    await withClient((client) =>
      until(async () => {
        await fold(client);
        return (await client.query('SELECT FROM rollup_deltas LIMIT 1')).rowCount === 0;
      }),
    );
    await query(dataDir, 'UPDATE rollups SET events = 5 WHERE grain = 1440 AND name_id = 0');
    await query(dataDir, 'UPDATE rollups SET user_count = 5 WHERE grain = 60 AND name_id = 0');
    const verified = place.start({ command: ['npm', 'run', 'rollups', '--', 'verify'] });
    expect(await verified.exited).toBe(1);
    expect(verified.output).toMatch(/1 hour, source "default", all names.*\(user_count is 5\)/);
    expect(verified.output).toMatch(/1 day, source "default", all names.*found 5 events, 2 users/);
    expect(verified.output).toContain('Verified 3 days: 6 rows differ.');
    expect((await run('rebuild')).output).toBe('Rebuilt 3 days: 24 rows written.\n');
    expect((await run('verify')).code).toBe(0);
    expect((await run('status')).output).toContain('1 day: 6 rows');
  });

  it('finishes the day that is under way when it is interrupted', async () => {
    await withClient(async (client) => {
      await client.query('SELECT pg_advisory_lock($1, $2)', [ROLLUP_LOCKS, FIRST_DAY]);
      const program = place.start({ command: [...COMMAND, 'rebuild'] });
      await until(async () => {
        const waiting = `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`;
        return (await client.query(waiting)).rowCount === 1;
      });
      program.interrupt();
      await program.says('Stopping …');
      await client.query('SELECT pg_advisory_unlock_all()');
      expect(await program.exited).toBe(130);
      expect(program.output).toContain('Interrupted. Rebuilt 1 day: 8 rows written.');
    });
  });

  if (process.platform === 'linux') {
    it('shows a bar on a terminal', async () => {
      const words = [...COMMAND, 'verify'].join(' ');
      const program = place.start({ command: ['script', '-qec', words, '/dev/null'] });
      expect(await program.exited).toBe(0);
      expect(program.output).toMatch(/ 0 % \| 0 days \|/);
      expect(program.output).toMatch(/ 100 % \| 3 days \| \d+(\.\d)? days\/s/);
    });
  }

  it('starts and ends the database itself where no server runs', async () => {
    expect(await server.stop()).toBe(0);
    expect(await run('verify')).toEqual({ code: 0, output: 'Verified 3 days: no difference.\n' });
    expect(postmasterPid(dataDir)).toBeUndefined();
  });

  it('makes no database where there is none', async () => {
    const program = place.start({ command: [...COMMAND, 'verify'] }, place.dataDir('other'));
    expect(await program.exited).toBe(1);
    expect(program.output).toContain('holds no database yet');
  });
});
