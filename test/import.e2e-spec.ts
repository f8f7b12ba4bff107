import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { runImport } from '../src/ingest/import/import.command.js';
import { startApplication, type TestApplication } from './support/application.js';
import { accessLog, hasAccessLog } from './support/sample-data.js';

const NEVER = new AbortController().signal;

describe('an import through the running server', () => {
  let server: TestApplication;
  let url: string;
  let folder: string;

  beforeAll(async () => {
    server = await startApplication();
    url = await server.app.getUrl();
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'user-analytics-import-'));
  });
  afterEach(async () => {
    rmSync(folder, { recursive: true });
    await server.dataSource.query('TRUNCATE events');
  });

  function file(name: string, content: string | Buffer): string {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  }

  async function runOn(
    target: string,
    argv: string[],
    { stdin = '', signal = NEVER }: { stdin?: string; signal?: AbortSignal } = {},
  ): Promise<{ code: number; output: string }> {
    let output = '';
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        output += chunk.toString();
        done();
      },
    });
    const code = await runImport(argv, {
      stdin: Readable.from([Buffer.from(stdin)]),
      stdout: stream,
      stderr: stream,
      localUrl: target,
      analyticsUrl: target,
      openDirectSink: () => Promise.reject(new Error('not without a server')),
      signal,
    });
    return { code, output };
  }

  const run = (argv: string[], options?: { stdin?: string; signal?: AbortSignal }) =>
    runOn(url, argv, options);

  const CSV =
    'timestamp,user,event,plan\n1224567997,3,click,pro\n1224567997,3,click,pro\n' +
    '1224567998,4,impression,\nabc,5,click,\n1224567999,6\n1224567999,7,click,"x\ny"\n';

  it('stores the lines of a CSV file, and a second run nothing twice', async () => {
    const path = file('events.csv', CSV);
    const first = await run([path]);
    expect(first.output).toContain('6 lines read: 4 events stored, 0 were there already.');
    expect(first.output).toContain(`2 lines rejected: see ${path}.rejected`);
    expect(first.code).toBe(0);
    const rejected = readFileSync(`${path}.rejected`, 'utf8').split('\n');
    expect(rejected[0]).toMatch(/^5\tinvalid_timestamp: timestamp must be .*\tabc,5,click,$/);
    expect(rejected[1]).toMatch(/^6\tunreadable_line: .*\t1224567999,6$/);

    const second = await run([path]);
    expect(second.output).toContain('0 events stored, 4 were there already.');
    expect(await server.countEvents()).toBe(4);
    const report = await server.get('/analytics?timestamp=1224567999');
    expect(await report.text()).toBe('unique_users,3\nclicks,3\nimpressions,1\n');
    const [row] = await server.dataSource.query<{ properties: unknown }[]>(
      `SELECT properties FROM events WHERE properties->>'plan' = 'pro' LIMIT 1`,
    );
    expect(row).toEqual({ properties: { plan: 'pro' } });
  });

  it.each([
    ['compressed', (): string[] => [file('events.csv.gz', gzipSync(CSV))], ''],
    ['from standard input', () => ['-', '--format', 'csv', '--rejected', join(folder, 'r')], CSV],
    [
      'with Windows line ends and a byte order mark',
      () => [file('events.csv', `\uFEFF${CSV.replaceAll('\n', '\r\n')}`)],
      '',
    ],
  ])('takes a file %s', async (_, argv, stdin) => {
    const { code, output } = await run(argv(), { stdin });
    expect(output).toContain('4 events stored');
    expect(code).toBe(0);
  });

  it('takes a file with padding behind the compressed part', async () => {
    const padded = Buffer.concat([gzipSync(CSV), Buffer.alloc(512)]);
    expect(await run([file('events.csv.gz', padded)])).toMatchObject({
      code: 0,
      output: expect.stringContaining('4 events stored'),
    });
  });

  if (process.platform !== 'win32') {
    it('takes a named pipe', async () => {
      const path = join(folder, 'events.csv');
      execFileSync('mkfifo', [path]);
      const writer = spawn('sh', ['-c', 'cat > "$1"', 'sh', path]);
      writer.stdin.end(CSV);
      const { code, output } = await run([path]);
      expect(output).toContain('4 events stored');
      expect(code).toBe(0);
    });
  }

  it('takes rows of very many columns, and names a row that no server would take', async () => {
    const columns = Array.from({ length: 600 }, (_, column) => `a-rather-long-name-${column}`);
    const row = `,u,click,${'1,'.repeat(599)}1\n`;
    const rows = Array.from({ length: 1_500 }, (_, index) => `${index}${row}`).join('');
    const huge = `1,u,click,${'x'.repeat(300 * 1024)}${','.repeat(599)}\n`;
    const header = `timestamp,user,event,${columns.join(',')}\n`;
    const { code, output } = await run([file('events.csv', `${header}${rows}${huge}`)]);
    expect(output).toContain('1501 lines read: 1500 events stored');
    expect(code).toBe(0);
    const rejected = readFileSync(join(folder, 'events.csv.rejected'), 'utf8');
    expect(rejected).toMatch(/^1502\tinvalid_properties: /);
  });

  it('takes NDJSON, and gives a source to events that name none', async () => {
    const path = file(
      'events.ndjson',
      '{"timestamp":1224567997,"user":3,"event":"signup"}\n' +
        '{"timestamp":1224567997,"user":3,"event":"signup","source":"shop"}\n' +
        '{"timestamp":1224567997,"user":3,"event":"signup","unknown":1}\n',
    );
    expect((await run([path, '--source', 'site'])).output).toContain('2 events stored');
    expect(readFileSync(`${path}.rejected`, 'utf8')).toMatch(/^3\tunknown_field: /);
    const sources = await server.dataSource.query(
      `SELECT s.name FROM events JOIN sources s ON s.id = source_id ORDER BY s.name`,
    );
    expect(sources).toEqual([{ name: 'shop' }, { name: 'site' }]);
  });

  it('names what is nested more deeply than can be written', async () => {
    const deep = (fields: string): string =>
      `{"timestamp":1,"user":"u","event":"e",${fields}:${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
    const path = file(
      'events.ndjson',
      `${deep('"properties":{"a"')}}\n${deep('"x"')}\n{"timestamp":1,"user":"u","event":"e"}\n`,
    );
    expect(await run([path])).toMatchObject({
      code: 0,
      output: expect.stringContaining('3 lines read: 1 events stored'),
    });
    expect(readFileSync(`${path}.rejected`, 'utf8')).toMatch(
      /^1\tinvalid_properties: [^\n]*\n2\tunknown_field: /,
    );
  });

  it('leaves no file of rejected lines when there are none', async () => {
    const path = file('events.csv', 'timestamp,user,event\n1,3,click\n');
    file('events.csv.rejected', 'from an earlier run');
    await run([path]);
    expect(existsSync(`${path}.rejected`)).toBe(false);
  });

  it('begins nothing when the file or the command is wrong', async () => {
    for (const [argv, message] of [
      [[join(folder, 'none.csv')], "can't be read"],
      [[folder, '--format', 'csv'], 'is a folder'],
      [[file('a.csv', 'a;b;c\n')], 'no column timestamp, user, event'],
      [[file('b.csv', ''), '--bogus'], 'Usage:'],
      [[file('c.csv', CSV), '--rejected', join(folder, 'none', 'r')], '--rejected FILE'],
      [[file('d.csv', CSV), '--rejected', join(folder, 'd.csv')], 'another than FILE'],
    ] as [string[], string][]) {
      const { code, output } = await run(argv);
      expect(output).toContain(message);
      expect(code).toBe(2);
    }
    expect(await server.countEvents()).toBe(0);
    expect(readFileSync(join(folder, 'd.csv'), 'utf8')).toBe(CSV);
  });

  if (existsSync('/dev/full')) {
    it('says so when the disk is full of rejected lines', async () => {
      const full = join(folder, 'full');
      symlinkSync('/dev/full', full);
      const path = file('events.csv', `timestamp,user,event\n${'x,3,click\n'.repeat(20_000)}`);
      const { code, output } = await run([path, '--rejected', full]);
      expect(output).toMatch(/Rejected lines can't be written: .*ENOSPC/);
      expect(code).toBe(1);
      expect(existsSync(full)).toBe(true);
    });
  }

  it('says when a compressed file breaks off, and keeps what it read', async () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `${index},u${index},click`);
    const whole = gzipSync(`timestamp,user,event\n${lines.join('\n')}\n`);
    const path = file('events.csv.gz', whole.subarray(0, whole.length - 1_000));
    const { code, output } = await run([path]);
    expect(output).toContain("can't be read to its end");
    expect(code).toBe(1);
    expect(await server.countEvents()).toBeGreaterThan(0);
  });

  it('refuses a server that is none of ours, or none at all', async () => {
    const path = file('events.csv', CSV);
    const other = createServer((_request, response) => response.end('hello'));
    const port = await listen(other);
    const { code, output } = await runOn(`http://127.0.0.1:${port}`, [path]);
    expect(output).toContain('What answers at ANALYTICS_URL is no User Analytics server');
    expect(code).toBe(1);
    await new Promise((resolve) => other.close(resolve));
    const none = await runOn(`http://127.0.0.1:${port}`, [path]);
    expect(none.output).toContain('Nothing answers at ANALYTICS_URL');
    expect(none.code).toBe(1);
  });

  it('tries again what the server can not take, and sends on', async () => {
    const statuses = [503, 429, 0];
    const proxy = createServer((request, response) => {
      const body: Buffer[] = [];
      request.on('data', (chunk: Buffer) => body.push(chunk));
      request.on('end', () => {
        const status = request.method === 'POST' ? statuses.shift() : undefined;
        if (status === 0) response.destroy();
        else if (status !== undefined) response.writeHead(status, { 'Retry-After': '0' }).end();
        else void forward(request.method!, request.url!, Buffer.concat(body)).then(answer);
      });
      const answer = (text: string): void => void response.end(text);
    });
    const forward = async (method: string, path: string, body: Buffer): Promise<string> => {
      const headers = { 'Content-Type': 'application/json' };
      const init = method === 'POST' ? { method, headers, body } : {};
      return (await fetch(url + path, init)).text();
    };
    const port = await listen(proxy);
    const { code, output } = await runOn(`http://127.0.0.1:${port}`, [file('events.csv', CSV)]);
    expect(output).toContain('4 events stored, 0 were there already');
    expect(code).toBe(0);
    expect(statuses).toEqual([]);
    await new Promise((resolve) => proxy.close(resolve));
  });

  it('ends on a signal while it waits for standard input', async () => {
    const ending = new AbortController();
    const endless = new Readable({ read() {} });
    endless.push('timestamp,user,event\n1,3,click\n');
    let output = '';
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        output += chunk.toString();
        if (output.includes('Importing')) ending.abort(0);
        done();
      },
    });
    const code = await runImport(['-', '--format', 'csv', '--rejected', join(folder, 'r')], {
      stdin: endless,
      stdout: stream,
      stderr: stream,
      localUrl: url,
      analyticsUrl: undefined,
      openDirectSink: () => Promise.reject(new Error('not without a server')),
      signal: ending.signal,
    });
    expect(output).toContain('Run the same command again to go on');
    expect(code).toBe(130);
  });

  if (hasAccessLog) {
    it('finds the figures of a real access log', async () => {
      const argv = [accessLog, '--site', 'semicomplete.com', '--rejected', join(folder, 'r')];
      const first = await run(argv);
      expect(first.output).toContain('5058 events stored, 0 were there already');
      expect(first.output).toContain('1 lines rejected');
      expect(readFileSync(join(folder, 'r'), 'utf8')).toMatch(/^8899\tunreadable_line: [^\n]*\n$/);
      const [totals] = await server.dataSource.query<object[]>(
        `SELECT count(*) FILTER (WHERE n.name = 'impression')::int AS impressions,
           count(*) FILTER (WHERE n.name = 'click')::int AS clicks,
           count(DISTINCT user_seq)::int AS users
         FROM events JOIN event_names n ON n.id = name_id`,
      );
      expect(totals).toEqual({ impressions: 4_232, clicks: 826, users: 1_289 });
      const hour = async (timestamp: number): Promise<string> =>
        (await server.get(`/analytics?timestamp=${timestamp}`)).text();
      expect(await hour(1_431_860_759)).toBe('unique_users,27\nclicks,4\nimpressions,70\n');
      expect(await hour(1_432_100_000)).toBe('unique_users,32\nclicks,10\nimpressions,44\n');
      const second = await run(argv);
      expect(second.output).toContain('0 events stored, 5058 were there already');
    });
  }
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}
