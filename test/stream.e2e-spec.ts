import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { BatchResultDto } from '../src/ingest/batch/batch.dto.js';
import { startApplication, type TestApplication } from './support/application.js';
import { livingMemory } from './support/living-memory.js';
import { until } from './support/poll.js';

const MB = 1024 * 1024;
const TYPE = { 'Content-Type': 'application/x-ndjson' };

describe('a stream of newline-delimited JSON', () => {
  let server: TestApplication;

  beforeAll(async () => {
    server = await startApplication();
  });
  afterAll(() => server.stop());
  beforeEach(() => server.dataSource.query('TRUNCATE events'));

  async function send(
    body: RequestInit['body'] | ReadableStream,
    headers: Record<string, string> = {},
    query = '',
  ): Promise<{ status: number; result: BatchResultDto }> {
    const response = await server.post(`/analytics/batch${query}`, {
      headers: { ...TYPE, ...headers },
      body,
      duplex: 'half',
    } as RequestInit);
    return { status: response.status, result: (await response.json()) as BatchResultDto };
  }

  function open(): Socket {
    const { port } = server.app.getHttpServer().address() as AddressInfo;
    return connect(port, '127.0.0.1');
  }

  it('is stored, with counts and the receipts of what was rejected', async () => {
    const body = [
      line(1),
      '',
      '{"user":"u","event":"click","extra":1}',
      'not JSON',
      line(2),
      '[]',
      line(1),
      `{"user":"${'x'.repeat(1024 * 1024)}"}`,
      Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]).toString('latin1'),
    ].join('\r\n');
    const { status, result } = await send(Buffer.from(body, 'latin1'));
    expect(status).toBe(200);
    expect(result).toMatchObject({ stored: 2, duplicates: 1, rejected: 5 });
    expect(result.receipts.map(({ index, code }) => [index, code])).toEqual([
      [2, 'unknown_field'],
      [3, 'unreadable_line'],
      [5, 'invalid_item'],
      [7, 'line_too_long'],
      [8, 'unreadable_line'],
    ]);
    expect(result).not.toHaveProperty('incomplete');
    expect(await server.countEvents()).toBe(2);
  });

  it('answers with all receipts where they are asked for, and a batch without', async () => {
    const all = await send(`${line(1)}\n{}\n`, {}, '?receipts=all');
    expect(all.result.receipts.map(({ status }) => status)).toEqual(['stored', 'rejected']);
    const response = await server.post('/analytics/batch?receipts=rejected', {
      headers: { 'Content-Type': 'application/json' },
      body: `[${line(2)}, {}]`,
    });
    const { receipts } = (await response.json()) as BatchResultDto;
    expect(receipts).toMatchObject([{ index: 1, status: 'rejected', code: 'missing_user' }]);
    const wrong = await server.post('/analytics/batch?receipts=some', { headers: TYPE, body: '' });
    expect(wrong.status).toBe(400);
    expect(await wrong.json()).toMatchObject({ message: 'receipts must be all or rejected' });
  });

  it('leaves receipts out beyond 10,000, and counts them', async () => {
    const { result } = await send(`${'{}\n'.repeat(10_500)}${line(1)}`);
    expect(result).toMatchObject({ stored: 1, rejected: 10_500, receipts_omitted: 500 });
    expect(result.receipts).toHaveLength(10_000);
  });

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('is taken as %s', async (encoding, compress) => {
    const body = Array.from({ length: 3_000 }, (_, index) => line(index)).join('\n');
    const { result } = await send(compress(body), { 'Content-Encoding': encoding });
    expect(result).toMatchObject({ stored: 3_000, rejected: 0 });
  });

  it('is stored as it arrives, while the client still sends', async () => {
    const body = new Readable({ read: () => {} });
    const answer = send(Readable.toWeb(body) as ReadableStream);
    for (let group = 0; group < 5; group += 1) {
      body.push(Array.from({ length: 1_000 }, (_, index) => `${line(index, group)}\n`).join(''));
    }
    while ((await server.countEvents()) < 1_000) await new Promise(setImmediate);
    body.push(null);
    expect((await answer).result).toMatchObject({ stored: 5_000 });
  });

  it('that ends in the middle of its compression stores whole lines, and says so', async () => {
    const body = Array.from({ length: 20_000 }, (_, index) => line(index)).join('\n');
    const whole = gzipSync(body);
    const { status, result } = await send(whole.subarray(0, whole.length / 2), {
      'Content-Encoding': 'gzip',
    });
    expect(status).toBe(200);
    expect(result.incomplete).toMatch(/damaged/);
    expect(result.stored).toBeGreaterThan(1_000);
    expect(result.stored).toBeLessThan(15_000);
    expect(result.rejected).toBe(0);
    expect(await server.countEvents()).toBe(result.stored);
  });

  it.each([
    ['of a known length', `Content-Length: 100000\r\n\r\n`, ''],
    ['in chunks', `Transfer-Encoding: chunked\r\n\r\n1000\r\n`, ''],
  ])('cut off, %s, stores whole lines and says how many', async (_, head, tail) => {
    const socket = open();
    const answer = text(socket);
    socket.end(
      `POST /analytics/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n` +
        `${head}${line(1)}\n${line(2)}\n${line(3).slice(0, 60)}${tail}`,
    );
    const [header, body] = (await answer).split('\r\n\r\n');
    expect(header).toMatch(/^HTTP\/1\.1 200 /);
    expect(JSON.parse(body!.slice(body!.indexOf('{'), body!.lastIndexOf('}') + 1))).toMatchObject({
      stored: 2,
      rejected: 0,
      incomplete: 'the connection ended in the middle of the body',
    });
    expect(await server.countEvents()).toBe(2);
  });

  it('with a chunk that is none stores whole lines and says how many', async () => {
    const socket = open();
    const answer = text(socket);
    const lines = `${line(1)}\n${line(2)}\n${line(3).slice(0, 60)}`;
    socket.write(
      `POST /analytics/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n` +
        `Transfer-Encoding: chunked\r\n\r\n${lines.length.toString(16)}\r\n${lines}\r\nzzz\r\n`,
    );
    expect(await answer).toMatch(/^HTTP\/1\.1 200 [^]*"stored":2,[^]*"incomplete"/);
    expect(await server.countEvents()).toBe(2);
  });

  it('whose client is gone stores the whole lines that came', async () => {
    const socket = open();
    socket.write(
      `POST /analytics/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n` +
        `Content-Length: 10000000\r\n\r\n`,
    );
    socket.write(`${line(1)}\n${line(2)}\n${line(3).slice(0, 60)}`, () => {
      setTimeout(() => socket.resetAndDestroy(), 200);
    });
    while ((await server.countEvents()) < 2) await new Promise(setImmediate);
    expect(await server.countEvents()).toBe(2);
  });

  it('of JSON that is cut off is refused as a whole', async () => {
    const socket = open();
    const answer = text(socket);
    socket.end(
      `POST /analytics/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n` +
        `Content-Length: 5000\r\n\r\n[${line(1)},`,
    );
    const begun = performance.now();
    expect(await answer).toMatch(/^HTTP\/1\.1 400 [^]*"code":"unreadable_body"/);
    expect(performance.now() - begun).toBeLessThan(2_000);
    expect(await server.countEvents()).toBe(0);
  });

  it('of JSON whose clients are gone leaves room for those that come', async () => {
    const body = gzipSync(`[${'{"user":"u","event":"x"},'.repeat(300_000)}{}]`);
    for (let client = 0; client < 16; client += 1) {
      const socket = open();
      socket.on('error', () => {});
      await new Promise<void>((resolve) => {
        socket.write(
          `POST /analytics/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n` +
            `Content-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`,
        );
        socket.write(body, () => resolve());
      });
      socket.destroy();
    }
    await until(async () => {
      const response = await server.post('/analytics/batch', {
        headers: { 'Content-Type': 'application/json; foo=bar' },
        body: `[${'{"user":"u","event":"x"},'.repeat(9_000)}{}]`,
      });
      return response.status === 200;
    });
    expect(await server.countEvents()).toBe(9_000);
  });

  it.each([
    ['an unknown encoding', { 'Content-Encoding': 'zstd' }, 415, 'unsupported_encoding'],
    ['an odd encoding', { 'Content-Encoding': 'constructor' }, 415, 'unsupported_encoding'],
    [
      'another charset',
      { 'Content-Type': 'application/x-ndjson; charset=utf-16' },
      415,
      'unsupported_charset',
    ],
  ])('of %s is refused', async (_, headers, status, code) => {
    const answer = await send(line(1), headers);
    expect(answer.status).toBe(status);
    expect(answer.result).toMatchObject({ code });
  });

  it('as brotli is served while others leave theirs unfinished', async () => {
    const large = brotliCompressSync(Buffer.alloc(MB, ' ')).subarray(0, -1);
    const idle = Array.from({ length: 12 }, () => {
      const socket = open();
      socket.write(
        `POST /analytics/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n` +
          `Content-Encoding: br\r\nContent-Length: 10000000\r\n\r\n`,
      );
      socket.write(large);
      return socket;
    });
    await sleep(200);
    const begun = performance.now();
    const { result } = await send(brotliCompressSync(line(1)), { 'Content-Encoding': 'br' });
    expect(result).toMatchObject({ stored: 1 });
    expect(performance.now() - begun).toBeLessThan(9_000);
    for (const socket of idle) socket.destroy();
    // Their places are free again for bodies that need one.
    const more = Array.from({ length: 3_000 }, (_, index) => line(index, 1)).join('\n');
    const next = await send(brotliCompressSync(more), { 'Content-Encoding': 'br' });
    expect(next.result).toMatchObject({ stored: 3_000 });
  });

  it('of what is no gzip is refused, in words for a stream', async () => {
    const answer = await send(line(1), { 'Content-Encoding': 'gzip' });
    expect(answer.status).toBe(400);
    expect(answer.result).toMatchObject({
      code: 'unreadable_body',
      message:
        'no line of the stream could be read: the body is damaged, or not compressed as its header says',
    });
  });

  it('of nothing is nothing', async () => {
    const { status, result } = await send('\n\n');
    expect(status).toBe(200);
    expect(result).toEqual({ stored: 0, duplicates: 0, rejected: 0, receipts: [] });
  });

  it('beyond what is configured is read no further', async () => {
    const limited = await startApplication({ stream: { maxBytes: 300_000 } });
    const body = Array.from({ length: 5_000 }, (_, index) => `${line(index)}\n`).join('');
    const response = await limited.post('/analytics/batch', { headers: TYPE, body });
    const result = (await response.json()) as BatchResultDto;
    expect(result.incomplete).toMatch(/300000 bytes/);
    expect(result.stored).toBeGreaterThan(1_000);
    expect(await limited.countEvents()).toBe(result.stored);
    await limited.stop();
  });

  it('holds little of long lines that are refused', async () => {
    const long = `{"x":"${'a'.repeat(MB - 10)}"}\n`;
    const before = livingMemory().heap;
    const client = httpRequest(`${server.base}/analytics/batch`, { method: 'POST', headers: TYPE });
    const answer = once(client, 'response') as Promise<[IncomingMessage]>;
    for (let sent = 0; sent < 100; sent += 1) {
      await new Promise((resolve) => client.write(long, resolve));
    }
    // What the system's own buffers hold is little; the rest has been read.
    await sleep(500);
    expect(livingMemory().heap - before).toBeLessThan(50 * MB);
    client.end();
    const [response] = await answer;
    expect(JSON.parse(await text(response))).toMatchObject({ stored: 0, rejected: 100 });
  });
});

describe('the same event', () => {
  let server: TestApplication;

  beforeAll(async () => {
    server = await startApplication();
  });
  afterAll(() => server.stop());

  it.each([1, 300])('at once in many requests of %d events is stored by one', async (size) => {
    await server.dataSource.query('TRUNCATE events');
    const ids = Array.from({ length: size }, () => randomUUID());
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, request) => {
        const ordered = request % 2 === 0 ? ids : ids.toReversed();
        const response = await server.post('/analytics/batch', {
          headers: { 'Content-Type': 'application/json' },
          body: `[${[...ordered, ordered[0]!].map((id) => line(0, 0, id)).join()}]`,
        });
        return (await response.json()) as BatchResultDto;
      }),
    );
    const sum = (key: 'stored' | 'duplicates'): number =>
      answers.reduce((total, answer) => total + answer[key], 0);
    expect(sum('stored')).toBe(size);
    expect(sum('duplicates')).toBe(20 * (size + 1) - size);
    expect(await server.countEvents()).toBe(size);
  });
});

function line(number: number, group = 0, id = `line-${group}-${number}`): string {
  return JSON.stringify({
    timestamp: 1_224_567_997_000 + number,
    user: `user-${number % 50}`,
    event: 'click',
    id,
    properties: { number, random: 'abcdefghij'.slice(number % 10) },
  });
}
