import { createReadStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ErrorDto } from '../src/common/error.dto.js';
import { runImport } from '../src/ingest/import/import.command.js';
import type { ImportResultDto } from '../src/ingest/import/import.dto.js';
import type { RejectionsDto } from '../src/ingest/rejections.dto.js';
import { startApplication, type TestApplication } from './support/application.js';
import { livingMemory } from './support/living-memory.js';
import { accessLog, hasAccessLog } from './support/sample-data.js';

const MB = 1024 * 1024;
const CSV =
  'timestamp,user,event,plan\n1224567997,3,click,pro\n1224567997,3,click,pro\n' +
  '1224567998,4,impression,\nabc,5,click,\n1224567999,6\n1224567999,7,click,"x\ny"\n';
const CSV_RESULT = { lines: 6, stored: 4, duplicates: 0, rejected: 2, skipped: 0 };
const LOG =
  '203.0.113.7 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1 "http://example.com/a" "x"\n' +
  '203.0.113.8 - - [17/May/2015:10:05:04 +0000] "GET /a HTTP/1.1" 200 1 "-" "x"\n' +
  '203.0.113.8 - - [17/May/2015:10:05:04 +0000] "GET /a.css HTTP/1.1" 200 1 "-" "x"\n';

type Body = RequestInit['body'] | ReadableStream;

describe('POST /analytics/import', () => {
  let server: TestApplication;

  beforeAll(async () => {
    server = await startApplication();
  });
  afterAll(() => server.stop());
  beforeEach(() => server.dataSource.query('TRUNCATE events, rejections, rejection_counts'));

  function send(type: string, body: Body, query = '', headers: object = {}): Promise<Response> {
    return server.post(`/analytics/import${query}`, {
      headers: { 'Content-Type': type, ...headers },
      body,
      duplex: 'half',
    } as RequestInit);
  }

  async function imported(...args: Parameters<typeof send>): Promise<ImportResultDto> {
    const response = await send(...args);
    if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
    return (await response.json()) as ImportResultDto;
  }

  async function refused(...args: Parameters<typeof send>): Promise<ErrorDto> {
    const response = await send(...args);
    expect(await server.countEvents()).toBe(0);
    return (await response.json()) as ErrorDto;
  }

  function open(head: string): Socket {
    const { port } = server.app.getHttpServer().address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    socket.write(`POST /analytics/import?format=csv HTTP/1.1\r\nHost: x\r\n${head}\r\n\r\n`);
    return socket;
  }

  it('stores CSV, tells which lines it does not, and stores nothing twice', async () => {
    const first = await imported('text/csv', CSV);
    expect(first).toMatchObject(CSV_RESULT);
    expect(first).not.toHaveProperty('accepted');
    expect(first).not.toHaveProperty('incomplete');
    expect(first.receipts).toEqual([
      { line: 5, code: 'invalid_timestamp', message: expect.stringMatching(/^timestamp must be /) },
      {
        line: 6,
        code: 'unreadable_line',
        message: 'the header has 4 columns, this line 2',
      },
    ]);
    const report = await server.get('/analytics?timestamp=1224567999');
    expect(await report.text()).toBe('unique_users,3\nclicks,3\nimpressions,1\n');
    const log = (await (await server.get('/analytics/rejections')).json()) as RejectionsDto;
    expect(log.counts).toEqual({ invalid_timestamp: 1, unreadable_line: 1 });
    expect(log.rejections).toMatchObject([
      { route: 'POST /analytics/import', code: 'unreadable_line', input: '1224567999,6' },
      { route: 'POST /analytics/import', code: 'invalid_timestamp', input: 'abc,5,click,' },
    ]);

    const second = await imported('text/csv; charset=utf-8', CSV);
    expect(second).toMatchObject({ ...CSV_RESULT, stored: 0, duplicates: 4 });
    expect(await server.countEvents()).toBe(4);
  });

  it('stores newline-delimited JSON, with a source for events that name none', async () => {
    const lines = [
      '{"timestamp":1224567997,"user":3,"event":"signup"}',
      '',
      '{"timestamp":1224567997,"user":3,"event":"signup","source":"shop"}',
      '{"user":3,"event":"signup"}',
      'not JSON',
      `{"timestamp":1,"user":"u","event":"e","properties":{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}}`,
      `{"user":"${'x'.repeat(MB)}"}`,
    ].join('\r\n');
    const body = Buffer.concat([Buffer.from(`${lines}\n{"user":"`), Buffer.from([0xff, 0x22])]);
    const result = await imported('application/x-ndjson', body, '?source=site');
    expect(result).toMatchObject({ lines: 7, stored: 2, rejected: 5 });
    expect(result.receipts.map(({ line, code }) => [line, code])).toEqual([
      [4, 'missing_timestamp'],
      [5, 'unreadable_line'],
      [6, 'invalid_properties'],
      [7, 'line_too_long'],
      [8, 'invalid_utf8'],
    ]);
    const sources = await server.dataSource.query(
      `SELECT s.name FROM events JOIN sources s ON s.id = source_id ORDER BY s.name`,
    );
    expect(sources).toEqual([{ name: 'shop' }, { name: 'site' }]);
    for (const type of ['application/ndjson', 'application/jsonl']) {
      expect((await imported(type, body, '?format=ndjson')).duplicates).toBe(2);
    }
  });

  it('stores an access log', async () => {
    const query = '?format=combined&site=www.example.com';
    expect(await imported('application/octet-stream', LOG, query)).toEqual({
      lines: 3,
      stored: 3,
      duplicates: 0,
      rejected: 0,
      skipped: 1,
      receipts: [],
    });
  });

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('takes a body in the encoding %s', async (encoding, compress) => {
    const result = await imported('text/csv', compress(CSV), '', { 'Content-Encoding': encoding });
    expect(result).toMatchObject(CSV_RESULT);
  });

  it.each([
    ['at once', (): Body => gzipSync(CSV)],
    ['with padding behind it', (): Body => Buffer.concat([gzipSync(CSV), Buffer.alloc(512)])],
    ['of two parts', (): Body => Buffer.concat([CSV.slice(0, 50), CSV.slice(50)].map(zipped))],
    ['a byte at a time', (): Body => inPieces(gzipSync(CSV), 1)],
  ])('takes a gzip file, %s', async (_, body) => {
    const result = await imported('application/gzip', body(), '?format=csv');
    expect(result).toMatchObject(CSV_RESULT);
    expect(await imported('text/csv', body())).toMatchObject({ duplicates: 4 });
  });

  it.each([1, 2, 3, 1_000])('takes what is no gzip file, %d bytes at a time', async (size) => {
    expect(await imported('text/csv', inPieces(Buffer.from(CSV), size))).toMatchObject(CSV_RESULT);
  });

  it('takes nothing, and a byte, for what they are', async () => {
    expect(await imported('application/x-ndjson', '')).toMatchObject({ lines: 0, receipts: [] });
    const one = await imported('application/x-ndjson', 'x');
    expect(one).toMatchObject({ lines: 1, rejected: 1 });
    expect(await refused('text/csv', '')).toMatchObject({ code: 'unreadable_header' });
  });

  it('stores nothing of what the command stored, nor the other way round', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'user-analytics-import-'));
    const byCommand = async (name: string, content: string, ...argv: string[]): Promise<string> => {
      const path = join(folder, name);
      writeFileSync(path, content);
      let output = '';
      const stream = new Writable({
        write(chunk: Buffer, _encoding, done) {
          output += chunk.toString();
          done();
        },
      });
      await runImport([path, ...argv], {
        stdin: Readable.from([]),
        stdout: stream,
        stderr: stream,
        localUrl: server.base,
        analyticsUrl: server.base,
        openDirectSink: () => Promise.reject(new Error('not without a server')),
        signal: new AbortController().signal,
      });
      return output;
    };
    const crlf = `\uFEFF${CSV.replaceAll('\n', '\r\n')}`;
    expect(await byCommand('a.csv', crlf)).toContain('4 events stored');
    expect(await imported('text/csv', gzipSync(crlf))).toMatchObject({ stored: 0, duplicates: 4 });
    const query = '?format=combined&site=example.com';
    expect(await imported('application/octet-stream', LOG, query)).toMatchObject({ stored: 3 });
    const log = await byCommand('a.log', LOG, '--site', 'example.com');
    expect(log).toContain('0 events stored, 3 were there already');
    const line = '{"timestamp":1224567997.0,"user":3,"event":"signup","properties":{"a":1e0}}\n';
    expect(await imported('application/x-ndjson', line.repeat(2))).toMatchObject({ stored: 2 });
    expect(await byCommand('a.ndjson', line.repeat(2))).toContain('2 were there already');
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['text/csv', 'text/plain'],
    ['text/csv', 'application/x-www-form-urlencoded'],
    ['text/csv', 'multipart/form-data; boundary=x'],
    ['text/csv', 'text/plain; text/csv'],
    ['text/csv', 'application/json'],
    ['text/csv', ''],
    ['text/csv', 'text/csv; charset=latin1'],
  ])('says that it takes %s where it is sent %j', async (accepted, type) => {
    const error = await refused(type, CSV, '?format=csv');
    expect(error).toMatchObject({ statusCode: 415, message: expect.stringContaining(accepted) });
    expect(error.message).toContain('application/octet-stream, application/gzip');
  });

  it('is for no page of another site', async () => {
    const headers = {
      Origin: 'https://elsewhere.example',
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'content-type',
    };
    const asked = await server.get('/analytics/import', { method: 'OPTIONS', headers });
    const answered = await send('text/csv', CSV, '', { Origin: headers.Origin });
    for (const response of [asked, answered]) {
      const names = [...response.headers.keys()];
      expect(names.filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
    expect(await refusedType(undefined)).toBe(415);
  });

  /** As a browser sends bytes without a type. */
  async function refusedType(body: Uint8Array = new Uint8Array(5)): Promise<number> {
    return (await server.post('/analytics/import?format=csv', { body })).status;
  }

  it.each([
    ['application/octet-stream', '', 'format must be csv, ndjson or combined'],
    ['application/gzip', '?format=xml', 'format must be csv, ndjson or combined'],
    ['application/gzip', '?format=csv&format=csv', 'format must be csv, ndjson or combined'],
    ['text/csv', '?format=combined&site=a', 'format must be csv or left out'],
    ['text/csv', '?site=example.com', 'site belongs to format=combined'],
    ['application/gzip', '?format=combined', 'needs site, the host name'],
    ['application/gzip', '?format=combined&site=', 'site must be a host name'],
    ['application/gzip', '?format=combined&site=a&site=b', 'site must be a host name'],
    ['text/csv', '?source=', 'source must be text of 1 to 100 characters'],
    ['text/csv', '?sources=a', 'sources is no parameter; accepted are format, site, source'],
    ['text/csv', '?source=a&source=b', 'source must be text of 1 to 100 characters'],
  ])('of %s%s names what is wrong', async (type, query, message) => {
    expect(await refused(type, CSV, query)).toMatchObject({
      statusCode: 400,
      code: 'invalid_parameter',
      message: expect.stringContaining(message),
    });
  });

  it('refuses a header, an encoding and a file that it cannot read', async () => {
    const header = await refused('text/csv', 'time,user\n1,2\n');
    expect(header).toMatchObject({ statusCode: 400, code: 'unreadable_header' });
    expect(header.message).toContain('no column timestamp, event. It has: time, user');
    const encoding = await refused('text/csv', CSV, '', { 'Content-Encoding': 'zstd' });
    expect(encoding).toMatchObject({ statusCode: 415, code: 'unsupported_encoding' });
    const broken = Buffer.concat([Buffer.from([0x1f, 0x8b]), Buffer.alloc(100, 7)]);
    const file = await refused('application/gzip', broken, '?format=csv');
    expect(file).toMatchObject({ statusCode: 400, code: 'unreadable_body' });
    expect(file.message).toMatch(/^no line of the file could be read: the body is damaged/);
  });

  it.each([
    ['of a known length', 'Content-Type: text/csv\r\nContent-Length: 1000', CSV],
    ['in chunks', 'Content-Type: text/csv\r\nTransfer-Encoding: chunked', `fff\r\n${CSV}`],
    ['as gzip', 'Content-Type: application/gzip\r\nContent-Length: 9999', gzipSync(CSV.repeat(2))],
  ])('cut off, %s, stores whole lines and says so', async (_, head, body) => {
    const socket = open(head);
    socket.end(body.slice(0, -10));
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    const json = answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1);
    const result = JSON.parse(json) as ImportResultDto;
    expect(result.incomplete).toBe('the connection ended in the middle of the body');
    expect(result.stored).toBeGreaterThanOrEqual(3);
    expect(await server.countEvents()).toBe(result.stored);
  });

  it('leaves receipts out beyond 10,000, and counts them', async () => {
    const result = await imported('application/x-ndjson', '{}\n'.repeat(10_500));
    expect(result).toMatchObject({ lines: 10_500, rejected: 10_500, receipts_omitted: 500 });
    expect(result.receipts).toHaveLength(10_000);
    expect(result.receipts.at(-1)).toMatchObject({ line: 10_000, code: 'missing_timestamp' });
  });

  it('reads no more than a stream may bring', async () => {
    const limited = await startApplication({ stream: { maxBytes: 300_000 } });
    const rows = Array.from({ length: 40_000 }, (_, index) => `${index},u,click\n`).join('');
    const response = await limited.post('/analytics/import', {
      headers: { 'Content-Type': 'text/csv' },
      body: gzipSync(`timestamp,user,event\n${rows}`),
    });
    const result = (await response.json()) as ImportResultDto;
    expect(result.incomplete).toMatch(/300000 bytes/);
    expect(result.stored).toBeGreaterThan(1_000);
    expect(await limited.countEvents()).toBe(result.stored);
    await limited.stop();
  });

  it('holds little of 60 MB, and others are served meanwhile', async () => {
    const row = (index: number): string => `${index},u-${index % 500},view,${'x'.repeat(1_000)}\n`;
    const before = livingMemory();
    let most = 0;
    let slowest = 0;
    // Not by fetch, which keeps what it has sent.
    const headers = { 'Content-Type': 'text/csv' };
    const client = httpRequest(`${server.base}/analytics/import`, { method: 'POST', headers });
    const answer = once(client, 'response') as Promise<[IncomingMessage]>;
    client.write('timestamp,user,event,text\n');
    for (let rows = 0; rows < 60_000; rows += 50) {
      if (rows % 5_000 === 0) {
        const { heap, buffers } = livingMemory();
        most = Math.max(most, heap + buffers - before.heap - before.buffers);
        const begun = performance.now();
        await server.get('/health/live');
        slowest = Math.max(slowest, performance.now() - begun);
      }
      const group = Array.from({ length: 50 }, (_, index) => row(rows + index)).join('');
      await new Promise((resolve) => client.write(group, resolve));
    }
    client.end();
    const [response] = await answer;
    const { stored, accepted = 0, rejected } = JSON.parse(await text(response)) as ImportResultDto;
    // On a busy machine the database may take too long for some, which go to the spool.
    expect([stored + accepted, rejected]).toEqual([60_000, 0]);
    expect(most).toBeLessThan(30 * MB);
    expect(slowest).toBeLessThan(1_000);
  }, 180_000);

  if (hasAccessLog) {
    it('finds in a real access log what the command finds', async () => {
      const query = '?format=combined&site=semicomplete.com';
      const file = Readable.toWeb(createReadStream(accessLog)) as ReadableStream;
      const first = await imported('application/octet-stream', file, query);
      expect(first).toMatchObject({ lines: 10_000, stored: 5_058, rejected: 1, skipped: 5_767 });
      expect(first.receipts).toMatchObject([{ line: 8_899, code: 'unreadable_line' }]);
      const second = await imported('application/gzip', gzipSync(readFileSync(accessLog)), query);
      expect(second).toMatchObject({ stored: 0, duplicates: 5_058, rejected: 1 });
    });
  }
});

function zipped(content: string): Buffer {
  return gzipSync(content);
}

/** As a client that sends it slowly. */
function inPieces(bytes: Buffer, size: number): ReadableStream {
  let sent = 0;
  return new ReadableStream({
    async pull(controller) {
      await new Promise(setImmediate);
      controller.enqueue(bytes.subarray(sent, sent + size));
      sent += size;
      if (sent >= bytes.length) controller.close();
    },
  });
}
