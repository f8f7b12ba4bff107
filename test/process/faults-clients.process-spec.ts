import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryWatch } from '../bench/memory.js';
import {
  brotliBomb,
  connectIdle,
  gzipBomb,
  largestBatch,
  postBytes,
  RawClient,
  unfinishedGzip,
} from '../support/hostile.js';
import { ALL_STORED_ONCE, Load } from '../support/load.js';
import { until } from '../support/poll.js';
import { databaseUrl, queryAt, Workplace, type Program } from '../support/program.js';
import { inSoak } from '../support/soak.js';

/**
 * Long enough in the soak for both deadlines: 20 s for a header, 60 s for a body, of which the rest
 * is then taken for 30 s.
 */
const SLOW_MS = inSoak(100_000, 4_000);
const SLOW_CLIENTS = 50;
const IDLE_CLIENTS = 2_000;
const HEADER_BYTES = 1024 * 1024;
const BOMB_MB = inSoak(1_024, 128);
const LARGE_BATCHES = 16;
const LARGE_ROUNDS = inSoak(10, 1);
const CHUNKS = inSoak(3_000_000, 500_000);
const UNFINISHED = inSoak(1_500, 300);
const LINE_BYTES = 1_000_000;
const REJECTED_LINES = 10_001;
const SMALL_BODY_BYTES = 250_000;
const PATIENCE_MS = 60_000;
const BROTLI_BOMBS = 60;
const SLOWEST_MS = 2_000;
const LITTLE_MB = 300;
const MUCH_MB = 800;
const JSON_TYPE = { 'Content-Type': 'application/json' };
const STREAM_TYPE = { 'Content-Type': 'application/x-ndjson' };
const GZIP = { 'Content-Encoding': 'gzip' };

describe('an ordinary client is served in time', () => {
  const place = new Workplace();
  let dataDir: string;
  const clients: RawClient[] = [];
  let server: Program;
  let load: Load;
  let memory: MemoryWatch;

  beforeAll(async () => {
    dataDir = place.dataDir();
    server = await place.startReady();
  });
  beforeEach(async () => {
    memory = new MemoryWatch(server.pid);
    load = new Load(server.url, { singles: 1, batches: 1, streams: 0 });
    await load.more(50);
  });
  afterEach(async () => {
    memory.stop();
    await load.stop();
    for (const client of clients.splice(0)) client.end();
    await queryAt(databaseUrl(dataDir), 'TRUNCATE events');
  });
  afterAll(() => place.clear());

  it('while others send a byte a second', async () => {
    const head = 'POST /analytics/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
    const inHeader = await slowClients();
    const inBody = await slowClients();
    for (const { socket } of inBody) socket.write(`${head}Content-Length: 1000\r\n\r\n`);
    const drips = [
      ...inHeader.map((client) => client.drip(head)),
      ...inBody.map((client) => client.drip('['.repeat(1_000))),
    ];
    await sleep(SLOW_MS);
    expect(endings(inHeader)).toEqual(inSoak(['408'], ['open']));
    expect(endings(inBody)).toEqual(inSoak(['400'], ['open']));
    for (const client of clients) client.end();
    await Promise.all(drips);
    await expectServed(LITTLE_MB);
  });

  it('while there are 2,000 connections that send nothing', async () => {
    clients.push(...(await connectIdle(server.url, IDLE_CLIENTS)));
    await load.more(500);
    expect(clients.filter(({ isEnded }) => isEnded)).toEqual([]);
    await expectServed(LITTLE_MB);
  });

  it('while others send a header of 1 MB, which is answered 431', async () => {
    for (let round = 0; round < inSoak(200, 20); round += 1) {
      const client = await RawClient.connect(server.url);
      clients.push(client);
      client.socket.write(`GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(HEADER_BYTES)}`);
      await until(() => client.isEnded);
      // What the client still sends may end the connection before it reads.
      expect(client.answer).toMatch(/^(HTTP\/1\.1 431 |$)/);
    }
    await expectServed(LITTLE_MB);
  });

  it('while others send bodies a byte a chunk', async () => {
    const head = `POST /analytics/batch HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n`;
    const chunks = Buffer.from(`${'1\r\n[\r\n'.repeat(CHUNKS)}0\r\n\r\n`);
    for (const type of ['application/json', 'application/x-ndjson', 'application/json']) {
      const client = await RawClient.connect(server.url);
      clients.push(client);
      client.socket.write(`${head}Content-Type: ${type}\r\n\r\n`);
      client.socket.write(chunks);
    }
    await until(() => clients.every(({ answer }) => answer.includes('}')), PATIENCE_MS);
    expect(clients.map(({ answer }) => answer.slice(9, 12))).toEqual(['400', '200', '400']);
    await expectServed(MUCH_MB);
  });

  it('while others send lines and bodies without end', async () => {
    const waiting: RawClient[] = [];
    for (const [type, bytes] of [
      ['application/x-ndjson', LINE_BYTES],
      ['application/json', SMALL_BODY_BYTES],
    ] as const) {
      for (let count = 0; count < UNFINISHED; count += 1) {
        const client = await RawClient.connect(server.url);
        waiting.push(client);
        client.socket.write(
          `POST /analytics/batch HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\n` +
            `Content-Length: 10000000\r\n\r\n${' '.repeat(bytes)}`,
        );
      }
    }
    clients.push(...waiting);
    await until(() => waiting.some(({ answer }) => answer.startsWith('HTTP/1.1 503 ')));
    await expectServed(MUCH_MB);
  });

  it('while others leave streams of rejected lines unfinished', async () => {
    const body = await unfinishedGzip('1\n'.repeat(REJECTED_LINES));
    const head =
      'POST /analytics/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n' +
      'Content-Encoding: gzip\r\nContent-Length: 1000000\r\n\r\n';
    for (let count = 0; count < UNFINISHED; count += 1) {
      const client = await RawClient.connect(server.url);
      clients.push(client);
      client.socket.write(Buffer.concat([Buffer.from(head), body]));
    }
    await load.more(200);
    for (const client of clients) client.socket.end();
    await until(() => clients.every(({ isEnded }) => isEnded), PATIENCE_MS);
    for (const { answer } of clients)
      expect(answer).toMatch(/^HTTP\/1\.1 200 [^]*"rejected":10001,/);
    await expectServed(MUCH_MB);
  });

  it('while others send batches of millions of events, or of lists in one', async () => {
    const events = Buffer.from(`[${'{},'.repeat(3_400_000)}{}]`);
    const lists = Buffer.from(
      `{"a":1,"events":[{"properties":{"a":[${'[],'.repeat(3_400_000)}1]}}]}`,
    );
    for (const [body, status] of [
      [events, 413],
      [lists, 200],
    ] as const) {
      const twice = [body, body].map((one) => postBytes(server.url, one, JSON_TYPE));
      expect(await Promise.all(twice)).toEqual([status, status]);
    }
    await expectServed(MUCH_MB);
  });

  it('while others send gzip bombs', async () => {
    const spaces = gzipBomb(BOMB_MB, ' ');
    const lines = gzipBomb(BOMB_MB / 32, '\n');
    const batches = Array.from({ length: 4 }, () =>
      postBytes(server.url, spaces, { ...JSON_TYPE, ...GZIP }),
    );
    // Those that have no room when they come are told to come later.
    for (const status of await Promise.all(batches)) expect([413, 503]).toContain(status);
    const streams = [spaces, spaces, lines].map((body) =>
      postBytes(server.url, body, { ...STREAM_TYPE, ...GZIP }),
    );
    expect(await Promise.all(streams)).toEqual([200, 200, 200]);
    await expectServed(MUCH_MB);
  });

  it('while others send brotli bombs', async () => {
    const bomb = brotliBomb(BOMB_MB / 2);
    const answers = await Promise.all(
      Array.from({ length: BROTLI_BOMBS }, () =>
        postBytes(server.url, bomb, { ...STREAM_TYPE, 'Content-Encoding': 'br' }),
      ),
    );
    // Those that waited for others too long are told to come later.
    for (const status of answers) expect([200, 503]).toContain(status);
    expect(answers).toContain(200);
    await expectServed(MUCH_MB);
  });

  it('while others send the largest batches, all at once', async () => {
    const batch = largestBatch();
    for (let round = 0; round < LARGE_ROUNDS; round += 1) {
      const answers = await Promise.all(
        Array.from({ length: LARGE_BATCHES }, () => postBytes(server.url, batch, JSON_TYPE)),
      );
      // What has no room is told to come later. How many are there at once, the client's speed tells.
      expect(answers).toContain(200);
      for (const status of answers) expect([200, 503]).toContain(status);
    }
    await expectServed(MUCH_MB);
  });

  async function slowClients(): Promise<RawClient[]> {
    const made = await Promise.all(
      Array.from({ length: SLOW_CLIENTS }, () => RawClient.connect(server.url)),
    );
    clients.push(...made);
    return made;
  }

  async function expectServed(megabytes: number): Promise<void> {
    await load.more(200);
    await load.stop();
    const most = Math.max(...memory.samples);
    process.stderr.write(
      `slowest answer ${Math.round(load.slowest)} ms, at most ${Math.round(most)} MB\n`,
    );
    expect(load.failures).toEqual(new Set());
    expect(load.slowest).toBeLessThan(SLOWEST_MS);
    expect(most).toBeLessThan(megabytes);
    const audit = await load.audit(() => databaseUrl(dataDir));
    expect(audit.missing).toEqual(ALL_STORED_ONCE.missing);
    expect(server.output).not.toContain('    at ');
  }
});

/** The statuses of connections that were ended. */
function endings(clients: RawClient[]): string[] {
  const statuses = clients.map(({ answer, isEnded }) => (isEnded ? answer.slice(9, 12) : 'open'));
  return [...new Set(statuses)];
}
