import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { OwnDatabase } from '../support/own-database.js';
import { until } from '../support/poll.js';
import { queryAt, Workplace, type Program } from '../support/program.js';

const DAY_MS = 86_400_000;
const OLD = Math.floor((Date.now() - 60 * DAY_MS) / 3_600_000) * 3_600_000;
const COMMAND = [process.execPath, '--enable-source-maps', 'dist/src/main.js', 'retention'];

describe('raw events that are no longer kept', () => {
  const place = new Workplace();
  let database: OwnDatabase;

  beforeAll(async () => {
    database = await OwnDatabase.create(place.dataDir('database'));
  });
  afterEach(() => place.end());
  afterAll(async () => {
    await database.stop();
    await place.clear();
  });

  const start = (env: Record<string, string> = {}): Promise<Program> =>
    place.startReady({ env: { DATABASE_URL: database.url, ...env } });

  async function report({ url }: Program): Promise<unknown[]> {
    const response = await fetch(`${url}/analytics?timestamp=${OLD + 3_600_000 + 10_000}`);
    return [response.headers.get('X-Analytics-Window'), await response.text()];
  }

  async function count(): Promise<number> {
    return (await queryAt(database.url, 'SELECT FROM events')).length;
  }

  async function command(...argv: string[]): Promise<{ code: unknown; output: string }> {
    const env = { DATABASE_URL: database.url, RETENTION_DAYS: '30' };
    const program = place.start({ command: [...COMMAND, ...argv], env });
    return { code: await program.exited, output: program.output };
  }

  it('are removed by the next server where one was killed between two steps', async () => {
    const first = await start();
    for (const [index, event] of ['click', 'click', 'impression'].entries()) {
      const time = OLD + 60_000 * index + 30_000;
      const asked = `timestamp=${time}&user=${index}&event=${event}`;
      await fetch(`${first.url}/analytics?${asked}`, { method: 'POST' });
    }
    expect((await report(first))[1]).toBe('unique_users,3\nclicks,2\nimpressions,1\n');
    await first.stop();
    const day = new Date(OLD).toISOString().slice(0, 10);
    expect(await command('preview')).toEqual({
      code: 0,
      output:
        `"default", ${day}: 3 events\n` +
        'A run would remove 3 events, which stay counted by rollups.\n',
    });

    const blocker = new Client(database.url);
    await blocker.connect();
    await blocker.query('BEGIN; SELECT FROM events FOR UPDATE');
    const killed = await start({ RETENTION_DAYS: '30' });
    const moved = 'SELECT FROM horizon WHERE isfinite(raw_from)';
    await until(async () => (await queryAt(database.url, moved)).length === 1);
    killed.kill('SIGKILL');
    await killed.exited;
    expect(await count()).toBe(3);
    await blocker.end();

    const next = await start({ RETENTION_DAYS: '30', WEB_CONCURRENCY: '2' });
    await until(async () => (await count()) === 0);
    const hour = new Date(OLD).toISOString();
    const end = new Date(OLD + 3_600_000 + 59_999).toISOString();
    expect(await report(next)).toEqual([
      `${hour}/${end}`,
      'unique_users,3\nclicks,2\nimpressions,1\n',
    ]);
    const late = `${next.url}/analytics?timestamp=${OLD + 30_000}&user=late&event=click`;
    const rejected = await fetch(late, { method: 'POST' });
    expect(rejected.headers.get('X-Analytics-Rejected')).toMatch(/^too_old/);
    await next.stop();
  });

  it('are shown and removed by a command as well', async () => {
    expect(await command('run')).toEqual({ code: 0, output: 'Removed nothing.\n' });
    const { code, output } = await command('status');
    expect(code).toBe(0);
    expect(output).toMatch(
      /^Raw events are to be kept for 30 days\.\nRollups are to be kept for ever/,
    );
    expect(output).toContain('Raw events are kept from ');
    expect((await command('drop')).code).toBe(2);
  });
});
