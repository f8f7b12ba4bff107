import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { startApplication, type TestApplication } from './support/application.js';
import { until } from './support/poll.js';
import { call, forgetCalls } from './support/segment.js';

const KB = 1024;
const TIMESTAMP = '2008-10-21T05:46:37.250Z';
const TRACK = { userId: 'u-1', event: 'e', timestamp: TIMESTAMP };

/** Made so long by a text in its properties. */
function sized(bytes: number): object {
  const filled = (text: string): object => ({ ...TRACK, properties: { text } });
  return filled('x'.repeat(bytes - JSON.stringify(filled('')).length));
}

describe("the limits of Segment's API", () => {
  let server: TestApplication;

  beforeAll(async () => {
    server = await startApplication();
  });
  afterAll(() => server.stop());
  beforeEach(() => forgetCalls(server.dataSource));

  it('refuses at once what is too much about one user, and keeps nobody waiting', async () => {
    const batch = Array.from({ length: 2_400 }, (_, index) => ({
      type: 'identify',
      userId: 'u-full',
      traits: { [`k${index}`]: 1 },
    }));
    const begun = performance.now();
    const response = await call(server, 'batch', {
      batch: [...batch, { type: 'track', userId: 'u-other', event: 'e' }],
    });
    expect(performance.now() - begun).toBeLessThan(4_000);
    const { rejected } = (await response.json()) as { rejected: { code: string }[] };
    expect(rejected).toHaveLength(2_400);
    expect(rejected[0]!.code).toBe('too_many_traits');
    expect(await server.countEvents()).toBe(1);
    expect(await (await server.get('/health/ready')).json()).toMatchObject({ status: 'ok' });
  });

  it('a call has at most 32 KB', async () => {
    expect((await call(server, 'track', sized(32 * KB))).status).toBe(200);
    const response = await call(server, 'track', sized(32 * KB + 1));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ success: false, code: 'call_too_large' });
    expect(await server.countEvents()).toBe(1);
  });

  it('a request has at most 500 KB', async () => {
    const batch = Array.from({ length: 15 }, () => ({ ...TRACK, type: 'track' }));
    const body = (bytes: number): object => {
      const padding = 'x'.repeat(bytes - JSON.stringify({ batch, padding: '' }).length);
      return { batch, padding };
    };
    expect((await call(server, 'batch', body(500 * KB))).status).toBe(200);
    expect(await server.countEvents()).toBe(15);
    const response = await call(server, 'batch', body(500 * KB + 1));
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ success: false, code: 'body_too_large' });
    expect(await server.countEvents()).toBe(15);
  });

  it('a batch has at most 2,500 calls', async () => {
    const calls = (count: number): object => ({
      batch: Array.from({ length: count }, () => ({ ...TRACK, type: 'track' })),
    });
    expect((await call(server, 'batch', calls(2_500))).status).toBe(200);
    expect(await server.countEvents()).toBe(2_500);
    expect((await call(server, 'batch', calls(2_501))).status).toBe(413);
    expect(await server.countEvents()).toBe(2_500);
  });

  it('when as many wait as can, the others are asked to try again: 429', async () => {
    const other = await new DataSource({ type: 'postgres', url: server.databaseUrl }).initialize();
    const runner = other.createQueryRunner();
    await runner.startTransaction();
    await runner.query('LOCK TABLE events IN ACCESS EXCLUSIVE MODE');
    const batch = Array.from({ length: 2_500 }, () => ({ ...TRACK, type: 'track' }));
    let answered = 0;
    const requests = Array.from({ length: 30 }, async () => {
      const response = await call(server, 'batch', { batch });
      answered += 1;
      return response;
    });
    await until(() => answered > 0);
    await runner.rollbackTransaction();
    await other.destroy();
    const responses = await Promise.all(requests);
    const busy = responses.filter(({ status }) => status === 429);
    const taken = responses.filter(({ status }) => status === 200);
    expect(busy.length).toBeGreaterThan(0);
    expect(busy.length + taken.length).toBe(30);
    expect(busy[0]!.headers.get('Retry-After')).toMatch(/^[1-9]\d*$/);
    expect(await busy[0]!.json()).toMatchObject({
      success: false,
      statusCode: 429,
      code: 'overloaded',
    });
    await until(async () => (await server.countEvents()) === taken.length * 2_500);
  });
});

describe("Segment's API with write keys", () => {
  const KEYS = new Map([
    ['key-web', 'web'],
    ['key-app', 'app'],
  ]);
  let server: TestApplication;

  beforeAll(async () => {
    server = await startApplication({ writeKeys: { sources: KEYS } });
  });
  afterAll(() => server.stop());
  afterEach(() => forgetCalls(server.dataSource));

  const basic = (key: string): string => `Basic ${Buffer.from(`${key}:`).toString('base64')}`;

  async function sources(): Promise<string[]> {
    const rows = await server.dataSource.query<{ name: string }[]>(
      'SELECT name FROM events JOIN sources ON sources.id = source_id',
    );
    return rows.map(({ name }) => name);
  }

  it.each<[string, Record<string, string>, object, string]>([
    ['Basic', { Authorization: basic('key-web') }, {}, 'web'],
    ['Bearer', { Authorization: 'Bearer key-app' }, {}, 'app'],
    ['the body', {}, { writeKey: 'key-app' }, 'app'],
    ['Basic before the body', { Authorization: basic('key-web') }, { writeKey: 'key-app' }, 'web'],
    [
      'the body beside an empty user name',
      { Authorization: basic('') },
      { writeKey: 'key-web' },
      'web',
    ],
  ])('a key by %s: the events are of its source', async (_, headers, body, source) => {
    const one = await call(server, 'track', { ...TRACK, ...body }, headers);
    expect(one.status).toBe(200);
    const many = { batch: [{ ...TRACK, type: 'page' }], ...body };
    expect((await call(server, 'b', many, headers)).status).toBe(200);
    expect(await sources()).toEqual([source, source]);
  });

  it.each<[string, Record<string, string>, object]>([
    ['none', {}, {}],
    ['another by Basic', { Authorization: basic('key-wep') }, {}],
    ['another by Bearer', { Authorization: 'Bearer key' }, {}],
    ['another in the body', {}, { writeKey: 'key-web2' }],
    [
      'another by Basic, beside a good one',
      { Authorization: basic('no') },
      { writeKey: 'key-web' },
    ],
    ['none that is text', {}, { writeKey: ['key-web'] }],
    [
      'a password alone',
      { Authorization: `Basic ${Buffer.from(':key-web').toString('base64')}` },
      {},
    ],
  ])('%s is 401, and nothing is stored', async (_, headers, body) => {
    for (const [path, payload] of [
      ['track', { ...TRACK, ...body }],
      ['batch', { batch: [{ ...TRACK, type: 'track' }], ...body }],
    ] as const) {
      const response = await call(server, path, payload, headers);
      expect(response.status).toBe(401);
      const answer = await response.json();
      expect(answer).toMatchObject({ success: false, code: 'invalid_write_key' });
      expect(JSON.stringify(answer)).not.toContain('key-we');
    }
    expect(await server.countEvents()).toBe(0);
    const log = (await (await server.get('/analytics/rejections')).json()) as { counts: object };
    expect(log.counts).toHaveProperty('invalid_write_key');
  });

  it('the same id of two sources is of two events', async () => {
    const known = { ...TRACK, messageId: 'same' };
    for (const writeKey of ['key-web', 'key-app', 'key-web']) {
      await call(server, 'track', { ...known, writeKey });
    }
    expect((await sources()).toSorted()).toEqual(['app', 'web']);
  });
});
