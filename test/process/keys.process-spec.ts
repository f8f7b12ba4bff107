import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../support/poll.js';
import { query, Workplace, type Program } from '../support/program.js';

const KEYS = [process.execPath, '--enable-source-maps', 'dist/src/main.js', 'keys'];
const IMPORT = [process.execPath, '--enable-source-maps', 'dist/src/main.js', 'import', '-'];

// One after the other on the same server: each start takes seconds.
describe('npm run keys', () => {
  let place: Workplace;
  let dataDir: string;
  let server: Program;

  beforeAll(async () => {
    place = new Workplace();
    dataDir = place.dataDir();
    // Whoever isn't this machine is refused, wherever it listens.
    server = await place.startReady({ env: { HOST: '0.0.0.0', WEB_CONCURRENCY: '2' } });
  });
  afterAll(() => place.clear());

  async function run(...argv: string[]): Promise<{ code: unknown; output: string }> {
    const program = place.start({ command: [...KEYS, ...argv] });
    return { code: await program.exited, output: program.output };
  }

  /** Of all processes: a connection is one's. */
  async function statuses(headers: Record<string, string>): Promise<Set<number>> {
    const asked = Array.from({ length: 8 }, async () => {
      const response = await fetch(`${server.url}/analytics/events`, {
        headers: { ...headers, Connection: 'close' },
      });
      await response.text();
      return response.status;
    });
    return new Set(await Promise.all(asked));
  }

  it('are needed by nobody on this machine before the first, and the start says so', async () => {
    expect(server.output).toContain('Access     by keys (npm run keys); while none was made');
    expect(await statuses({})).toEqual(new Set([200]));
    expect(await statuses({ 'X-Forwarded-For': '203.0.113.7' })).toEqual(new Set([403]));
    expect((await run('list')).output).toBe('No key was made yet.\n');
  });

  it('are made, told once, and needed by every process within seconds', async () => {
    const program = place.start({
      command: ['npm', 'run', 'keys', '--', 'create', '--kind', 'read', '--name', 'me'],
    });
    expect(await program.exited).toBe(0);
    const key = /^ua_read_[\w-]{43}$/m.exec(program.output)![0];
    const begun = performance.now();
    await until(async () => !(await statuses({})).has(200));
    expect(performance.now() - begun).toBeLessThan(10_000);
    expect(await statuses({ 'X-API-Key': key })).toEqual(new Set([200]));
    const { output } = await run('list');
    expect(output).toMatch(
      new RegExp(`^1  read  …${key.slice(-4)}  me: made .* by command line; `),
    );
    expect(output).not.toContain(key);
    const rotated = await run('rotate', '1');
    const next = /^ua_read_[\w-]{43}$/m.exec(rotated.output)![0];
    await until(async () => !(await statuses({ 'X-API-Key': key })).has(200));
    expect(await statuses({ 'X-API-Key': next })).toEqual(new Set([200]));
    expect((await run('revoke', '2')).code).toBe(0);
    await until(async () => !(await statuses({ 'X-API-Key': next })).has(200));
    expect(await run('revoke', '7')).toEqual({ code: 2, output: 'There is no key 7.\n' });
  });

  it('let an import in', async () => {
    const event = '{"timestamp":"2026-01-01T00:00:00Z","user":"u","event":"signup"}\n';
    const importing = async (key?: string): Promise<Program> => {
      const env = {
        ANALYTICS_URL: server.url,
        ...(key !== undefined && { ANALYTICS_KEY: key }),
      };
      const program = place.start({
        command: [...IMPORT, '--format', 'ndjson'],
        env,
        stdin: 'pipe',
      });
      program.stdin.end(event);
      await program.exited;
      return program;
    };
    const refused = await importing();
    expect(await refused.exited).not.toBe(0);
    expect(refused.output).toContain('takes events by keys alone. Set ANALYTICS_KEY');
    const unknown = await importing(`ua_write_${'x'.repeat(43)}`);
    expect(unknown.output).toContain('does not know the key in ANALYTICS_KEY');
    const { output } = await run(
      'create',
      '--kind',
      'write',
      '--name',
      'files',
      '--source',
      'shop',
    );
    const key = /^ua_write_[\w-]{43}$/m.exec(output)![0];
    expect(await (await importing(key)).exited).toBe(0);
    expect(
      await query(dataDir, 'SELECT name FROM sources JOIN events ON source_id = sources.id'),
    ).toEqual([{ name: 'shop' }]);
  });

  it('are of the schema that DATABASE_SCHEMA names, and so is all else', async () => {
    const env = {
      DATABASE_URL: readFileSync(join(dataDir, 'database-url'), 'utf8').trim(),
      DATABASE_SCHEMA: 'books',
      WEB_CONCURRENCY: '2',
    };
    const command = [...KEYS, 'create', '--kind', 'admin', '--name', 'books'];
    const program = place.start({ command, env });
    expect(await program.exited).toBe(0);
    const key = /^ua_admin_[\w-]{43}$/m.exec(program.output)![0];
    const books = await place.startReady({ env }, place.dataDir('books'));
    const ask = async (url: string): Promise<[number, unknown]> => {
      const response = await fetch(`${url}/analytics/query?metrics=events&date_range=all`, {
        headers: { 'X-API-Key': key },
      });
      const { totals } = (await response.json()) as { totals?: unknown };
      return [response.status, totals];
    };
    // The other schema has an event, and does not have the key.
    expect(await ask(server.url)).toEqual([401, undefined]);
    expect(await ask(books.url)).toEqual([200, { events: 0 }]);
    const sent = await fetch(`${books.url}/analytics?user=3&event=click`, {
      method: 'POST',
      headers: { 'X-API-Key': key },
    });
    expect(sent.headers.get('X-Analytics-Rejected')).toBeNull();
    expect(await ask(books.url)).toEqual([200, { events: 1 }]);
    const verified = place.start({
      command: [...KEYS.slice(0, -1), 'rollups', 'verify'],
      env,
    });
    expect([await verified.exited, verified.output]).toEqual([
      0,
      'Verified 1 day: no difference.\n',
    ]);
  });
});
