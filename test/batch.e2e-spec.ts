import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { BatchResultDto } from '../src/ingest/batch/batch.dto.js';
import { startApplication, type TestApplication } from './support/application.js';
import { livingMemory } from './support/living-memory.js';
import { until } from './support/poll.js';

const MB = 1024 * 1024;

describe('POST /analytics/batch', () => {
  let server: TestApplication;

  beforeAll(async () => {
    server = await startApplication();
  });
  afterAll(() => server.stop());
  beforeEach(() => server.dataSource.query('TRUNCATE events'));

  function send(
    body: string | Uint8Array,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    return server.post('/analytics/batch', {
      headers: { 'Content-Type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : new Uint8Array(body),
    });
  }

  async function store(events: unknown): Promise<BatchResultDto> {
    const response = await send(JSON.stringify(events));
    expect(response.status).toBe(200);
    return (await response.json()) as BatchResultDto;
  }

  const event = { timestamp: 1_224_567_997, user: '3', event: 'click' };

  it('says what became of each event, in order', async () => {
    const id = 'b9a1d3c2-3f6e-4f0b-9a61-0e8f8f0a1c11';
    const result = await store([
      { ...event, id: id.toUpperCase() },
      { ...event, user: '' },
      { ...event, id },
      {
        ...event,
        user: 4,
        event: 'signup',
        source: 'shop',
        properties: { plan: 'pro', nested: [1] },
      },
    ]);
    expect(result).toEqual({
      stored: 2,
      duplicates: 1,
      rejected: 1,
      receipts: [
        { index: 0, id, status: 'stored' },
        { index: 1, status: 'rejected', code: 'invalid_user', message: expect.any(String) },
        { index: 2, id, status: 'duplicate' },
        { index: 3, id: expect.any(String), status: 'stored' },
      ],
    });
    const rows = await server.dataSource.query(
      `SELECT users.id AS user, event_names.name AS event, sources.name AS source, properties
       FROM events JOIN users ON users.seq = user_seq JOIN event_names ON event_names.id = name_id
       JOIN sources ON sources.id = source_id WHERE event_names.name = 'signup'`,
    );
    expect(rows).toEqual([
      { user: '4', event: 'signup', source: 'shop', properties: { plan: 'pro', nested: [1] } },
    ]);
  });

  it('takes the same request again without storing anything twice', async () => {
    const events = Array.from({ length: 500 }, (_, n) => ({
      ...event,
      id: `e-${n}`,
      user: `u${n % 7}`,
    }));
    expect(await store({ events })).toMatchObject({ stored: 500, duplicates: 0 });
    expect(await store({ events })).toMatchObject({ stored: 0, duplicates: 500 });
    expect(await server.countEvents()).toBe(500);
  });

  it('keeps equal ids of two sources apart', async () => {
    const result = await store([
      { ...event, id: '1', source: 'shop' },
      { ...event, id: '1', source: 'blog' },
    ]);
    expect(result.stored).toBe(2);
  });

  it('stores 10,000 events in one request, and refuses one more', async () => {
    const events = Array.from({ length: 10_000 }, (_, n) => ({ ...event, user: `u${n}` }));
    expect((await store(events)).stored).toBe(10_000);
    const response = await send(JSON.stringify([...events, event]));
    expect(response.status).toBe(413);
    expect(await server.countEvents()).toBe(10_000);
  });

  /** @returns the statuses, when as many megabytes came from each of them in turn */
  async function sendLarge(bodies: number, megabytes: number): Promise<(number | undefined)[]> {
    const spaces = Buffer.alloc(MB, ' ');
    const options = { method: 'POST', agent: false as const };
    const headers = { 'Content-Type': 'application/json', 'Content-Length': megabytes * MB };
    const clients = Array.from({ length: bodies }, () =>
      request(`${server.base}/analytics/batch`, { ...options, headers }),
    );
    const answers = clients.map(async (client) => {
      const [answer] = (await once(client, 'response')) as [IncomingMessage];
      answer.resume();
      return answer.statusCode;
    });
    for (let sent = 0; sent < megabytes - 1; sent += 1) {
      for (const client of clients) await new Promise((resolve) => client.write(spaces, resolve));
    }
    for (const client of clients) client.end(JSON.stringify([event]).padEnd(MB));
    return await Promise.all(answers);
  }

  it('serves those that have room when too many large bodies come at once', async () => {
    const statuses = await sendLarge(6, 8);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(3);
    for (const status of statuses) expect([200, 503]).toContain(status);
  });

  it('keeps nothing of bodies that were refused', async () => {
    const before = livingMemory().buffers;
    for (let round = 0; round < 3; round += 1) await sendLarge(16, 8);
    await until(() => livingMemory().buffers - before < 32 * MB, 5_000);
    expect(livingMemory().buffers - before).toBeLessThan(32 * MB);
  });

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('takes %s', async (encoding, compress) => {
    const response = await send(compress(JSON.stringify([event])), {
      'Content-Encoding': encoding,
    });
    expect(await response.json()).toMatchObject({ stored: 1 });
  });

  it.each([
    ['event_too_large', { ...event, properties: { a: 'x'.repeat(MB) } }],
    ['invalid_item', 3],
    ['invalid_item', null],
    ['invalid_item', [event]],
    ['unknown_field', { ...event, userid: '4' }],
    ['missing_user', { event: 'x' }],
    ['missing_event', { user: 'x' }],
    ['invalid_event', { ...event, event: 'e'.repeat(101) }],
    ['invalid_event', { ...event, event: 'a\u0007' }],
    ['invalid_source', { ...event, source: '' }],
    ['invalid_id', { ...event, id: 7 }],
    ['invalid_timestamp', { ...event, timestamp: '2026-11-24' }],
    ['invalid_properties', { ...event, properties: [] }],
    ['invalid_properties', { ...event, properties: 'text' }],
    ['invalid_properties', { ...event, properties: { a: 'x\0' } }],
    ['invalid_properties', { ...event, properties: { 'x\0': 1 } }],
    ['invalid_properties', { ...event, properties: { a: '\ud800' } }],
    ['invalid_properties', { ...event, properties: { a: 'x'.repeat(32 * 1024) } }],
    [
      'invalid_properties',
      { ...event, properties: JSON.parse(`${'{"a":'.repeat(21)}1${'}'.repeat(21)}`) as object },
    ],
  ])('%s: rejects that event alone', async (code, bad) => {
    const result = await store([event, bad, event]);
    expect(result).toMatchObject({ stored: 2, rejected: 1 });
    expect(result.receipts[1]).toMatchObject({ index: 1, status: 'rejected', code });
  });

  it('rejects a number that JSON cannot hold', async () => {
    const response = await send(
      '[{"user":"1","event":"x","properties":{"a":1e400}},{"user":"1","event":"x"}]',
    );
    expect(await response.json()).toMatchObject({ stored: 1, rejected: 1 });
  });

  it('stores the rest of a batch that holds an event which the database refuses', async () => {
    await server.dataSource.query(
      `ALTER TABLE users ADD CONSTRAINT no_poison CHECK (id <> 'poison')`,
    );
    try {
      const users = ['a', 'b', 'poison', 'c', 'd'];
      const result = await store(users.map((user) => Object.assign({}, event, { user })));
      expect(result.receipts.map(({ code }) => code)).toEqual([
        undefined,
        undefined,
        'refused_by_database',
        undefined,
        undefined,
      ]);
      expect(result.stored).toBe(4);
    } finally {
      await server.dataSource.query('ALTER TABLE users DROP CONSTRAINT no_poison');
    }
  });

  it('survives nesting without end', async () => {
    const response = await send(`[${'['.repeat(100_000)}${']'.repeat(100_000)}]`);
    expect([200, 400]).toContain(response.status);
    expect(await server.countEvents()).toBe(0);
  });

  it.each([
    [400, 'unreadable_body', '{"events": 3}', {}],
    [400, 'unreadable_body', '"text"', {}],
    [400, 'unreadable_body', '[{"user":', {}],
    [400, 'unreadable_body', '', {}],
    [413, 'body_too_large', `[${' '.repeat(10 * 1024 * 1024)}]`, {}],
    [415, 'unsupported_content_type', '[]', { 'Content-Type': 'text/csv' }],
    [415, 'unsupported_encoding', '[]', { 'Content-Encoding': 'lzma' }],
  ])('answers %i %s', async (status, code, body, headers) => {
    const response = await send(body, headers);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ statusCode: status, code });
  });
});
