import { beforeAll, describe, expect, it } from '@jest/globals';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MadeKey } from '../src/access/keys/key-admin.js';
import { Asked } from './support/asked.js';
import { json, makeKey, withHeaders } from './support/keys.js';
import { until } from './support/poll.js';

const SHOP = 'https://shop.example';
const OTHER = 'https://other.example';
const READS = [
  'metrics',
  'analytics?timestamp=1224567999',
  'analytics/query?metrics=events&date_range=all',
  'analytics/events',
  'analytics/export',
  'analytics/users',
  'analytics/users/u-1',
  'analytics/live',
  'analytics/rejections',
  'analytics/merges',
];
const CALL = { userId: 'u-1', event: 'click', timestamp: '2026-01-01T00:00:00Z', messageId: 'm' };
/** Each way in of events, sent from this machine. */
const WRITES: [path: string, init: RequestInit][] = [
  ['analytics/batch', json({ events: [{ user: 'u-1', event: 'click' }] })],
  [
    'analytics/import',
    {
      headers: { 'Content-Type': 'application/x-ndjson' },
      body: '{"user":"u-1","event":"click","timestamp":"1224567997"}\n',
    },
  ],
  ['v1/track', json(CALL)],
  ['v1/batch', json({ batch: [{ type: 'track', ...CALL }] })],
  ['batch', json({ batch: [{ distinct_id: 'u-1', event: 'click' }] })],
  ['analytics.js', json({ batch: [{ type: 'track', ...CALL }] })],
];
const ADMINISTRATION: [method: string, path: string, init: RequestInit][] = [
  ['PUT', 'analytics/users/u-1', json({ traits: { plan: 'pro' } })],
  ['POST', 'analytics/users/import', json({ user: 'u-1', traits: {} })],
  ['DELETE', 'analytics/merges/1', {}],
  ['DELETE', 'analytics/users/u-1', {}],
  ['GET', 'analytics/users/u-1/export', {}],
  ['GET', 'analytics/keys', {}],
  ['POST', 'analytics/keys', json({ kind: 'read', name: 'x' })],
  ['POST', 'analytics/keys/1/rotate', {}],
  ['DELETE', 'analytics/keys/1', {}],
  ['GET', 'analytics/audit', {}],
];

const asked = new Asked();
const ask = asked.ask.bind(asked);
const codeOf = asked.codeOf.bind(asked);

describe('without a key', () => {
  asked.open();

  it('this machine may do everything but make keys', async () => {
    expect((await ask('analytics?timestamp=1224567999')).status).toBe(200);
    expect((await ask('analytics?user=3&event=click', { method: 'POST' })).status).toBe(204);
    expect(await codeOf('analytics/keys')).toEqual([401, 'invalid_key']);
    expect(await codeOf('analytics/keys', { method: 'POST', ...json({}) })).toEqual([
      401,
      'invalid_key',
    ]);
  });

  it.each([
    { 'X-Forwarded-For': '203.0.113.7' },
    { 'X-Forwarded-For': '127.0.0.1, 203.0.113.7' },
    { 'X-Real-IP': '2001:db8::7' },
    { Forwarded: 'for="[2001:db8::7]:4711"' },
    { 'X-Forwarded-For': 'unknown' },
  ])('nobody else may do anything: %o', async (headers) => {
    for (const path of READS) {
      expect([path, await codeOf(path, { headers })]).toEqual([path, [403, 'protected_mode']]);
    }
    for (const [path, init] of WRITES) {
      const response = await codeOf(path, { method: 'POST', ...withHeaders(init, headers) });
      expect([path, response]).toEqual([path, [403, 'protected_mode']]);
    }
    for (const path of ['dashboard', 'docs', 'analytics.js', 'health/ready', 'nowhere']) {
      expect([path, await codeOf(path, { headers })]).toEqual([path, [403, 'protected_mode']]);
    }
    const original = await ask('analytics?user=3&event=click', { method: 'POST', headers });
    expect(original.status).toBe(403);
    expect(await original.json()).toMatchObject({
      code: 'protected_mode',
      message: expect.stringMatching(/npm run keys.*ACCESS=open/),
    });
  });

  it('a proxy on this machine that asks for itself is this machine', async () => {
    const headers = { 'X-Forwarded-For': '127.0.0.1, ::1' };
    expect((await ask('analytics?timestamp=1224567999', { headers })).status).toBe(200);
  });
});

describe('with keys', () => {
  let write: MadeKey;
  let read: MadeKey;
  let master: MadeKey;
  let pages: MadeKey;

  asked.open();
  beforeAll(async () => {
    write = await makeKey(asked.server, { kind: 'write', source: 'shop' });
    read = await makeKey(asked.server, { kind: 'read' });
    master = await makeKey(asked.server, { kind: 'admin' });
    pages = await makeKey(asked.server, {
      kind: 'write',
      source: 'pages',
      origins: [SHOP],
      events: ['click'],
    });
    await until(async () => (await ask('analytics/events')).status === 401);
  });

  const bearer = ({ secret }: MadeKey): Record<string, string> => ({
    Authorization: `Bearer ${secret}`,
  });

  it.each(READS)('GET /%s takes a read or admin key alone', async (path) => {
    expect(await codeOf(path)).toEqual([401, 'invalid_key']);
    expect(await codeOf(path, { headers: { 'X-API-Key': 'ua_read_x' } })).toEqual([
      401,
      'invalid_key',
    ]);
    expect(await codeOf(path, { headers: bearer(write) })).toEqual([403, 'wrong_key_kind']);
    for (const key of [read, master]) {
      const response = await ask(path, { headers: bearer(key) });
      expect([200, 404]).toContain(response.status);
      await response.body?.cancel();
    }
  });

  it.each(WRITES)('POST /%s takes a write or admin key alone', async (path, init) => {
    const post = (headers: Record<string, string>) =>
      codeOf(path, { method: 'POST', ...withHeaders(init, headers) });
    expect(await post({})).toEqual([401, 'invalid_write_key']);
    expect(await post({ 'X-API-Key': 'nobody' })).toEqual([401, 'invalid_write_key']);
    expect(await post(bearer(read))).toEqual([403, 'wrong_key_kind']);
    for (const key of [write, master]) expect(await post(bearer(key))).toEqual([200, undefined]);
  });

  it.each(ADMINISTRATION)('%s /%s takes an admin key alone', async (method, path, init) => {
    const send = (headers: Record<string, string>) =>
      codeOf(path, { method, ...withHeaders(init, headers) });
    expect(await send({})).toEqual([401, 'invalid_key']);
    for (const key of [write, read])
      expect(await send(bearer(key))).toEqual([403, 'wrong_key_kind']);
  });

  it('the original endpoint answers 204, and says why nothing was stored', async () => {
    const post = async (headers: Record<string, string>, query = '') => {
      const path = `analytics?user=k&event=click&timestamp=1224567997${query}`;
      const response = await ask(path, { method: 'POST', headers });
      expect(response.status).toBe(204);
      return response.headers.get('X-Analytics-Rejected')?.split(';')[0];
    };
    expect(await post({})).toBe('invalid_write_key');
    expect(await post(bearer(read))).toBe('wrong_key_kind');
    expect(await post(bearer(pages))).toBe('origin_not_allowed');
    expect(await post({ ...bearer(pages), Origin: OTHER })).toBe('origin_not_allowed');
    expect(await post({ ...bearer(pages), Origin: SHOP })).toBeUndefined();
    expect(await post({ Origin: SHOP }, `&writeKey=${pages.secret}`)).toBeUndefined();
    expect(await post({ Origin: SHOP }, `&writeKey=${read.secret}`)).toBe('wrong_key_kind');
    const impression = await ask('analytics?user=k&event=impression', {
      method: 'POST',
      headers: { ...bearer(pages), Origin: SHOP },
    });
    expect(impression.headers.get('X-Analytics-Rejected')).toMatch(/^event_not_allowed/);
  });

  it('no key stands in the log of rejections', async () => {
    await ask(`analytics?user=&event=click&writeKey=${write.secret}`, { method: 'POST' });
    const log = async () => (await ask('analytics/rejections', { headers: bearer(read) })).text();
    await until(async () => (await log()).includes('invalid_user'));
    const text = await log();
    for (const { secret } of [write, read, master, pages]) expect(text).not.toContain(secret);
    expect(text).toContain('wrong_key_kind');
  });

  it("events are the key's source's, and name no other", async () => {
    const events = [
      { user: 'u-9', event: 'click', id: 'a' },
      { user: 'u-9', event: 'click', id: 'b', source: 'shop' },
      { user: 'u-9', event: 'click', id: 'c', source: 'app' },
    ];
    const response = await ask('analytics/batch', {
      method: 'POST',
      ...withHeaders(json({ events }), bearer(write)),
    });
    expect(await response.json()).toMatchObject({
      stored: 2,
      receipts: [
        { status: 'stored' },
        { status: 'stored' },
        { status: 'rejected', code: 'source_mismatch' },
      ],
    });
    const stored = await asked.server.dataSource.query<{ name: string }[]>(
      `SELECT DISTINCT sources.name FROM events JOIN sources ON sources.id = source_id
       JOIN users ON users.seq = user_seq WHERE users.id = 'u-9'`,
    );
    expect(stored).toEqual([{ name: 'shop' }]);
  });

  it('pages of other sites may send by a key for them, and read nothing', async () => {
    const preflight = (path: string, origin: string, method: string) =>
      ask(path, {
        method: 'OPTIONS',
        headers: {
          Origin: origin,
          'Access-Control-Request-Method': method,
          'Access-Control-Request-Headers': 'authorization',
        },
      });
    // The key for servers names no origins.
    const sending = await preflight('analytics/batch', OTHER, 'POST');
    expect(sending.headers.get('Access-Control-Allow-Origin')).toBe('*');
    const reading = await preflight('analytics/events', SHOP, 'GET');
    expect(reading.headers.get('Access-Control-Allow-Origin')).toBeNull();
    await makeKey(asked.server, { kind: 'read', origins: [SHOP] });
    await until(async () => {
      const { headers } = await preflight('analytics/events', SHOP, 'GET');
      return headers.get('Access-Control-Allow-Origin') === SHOP;
    });
    const other = await preflight('analytics/events', OTHER, 'GET');
    expect(other.headers.get('Access-Control-Allow-Origin')).toBeNull();
    const secret = await preflight('analytics/keys', SHOP, 'GET');
    expect(secret.headers.get('Access-Control-Allow-Origin')).toBeNull();
  });

  it('a revoked key is taken nowhere within seconds; one in rotation for its grace', async () => {
    const old = await makeKey(asked.server, { kind: 'read' });
    const status = async (key: MadeKey) =>
      (await ask('analytics/events', { headers: bearer(key) })).status;
    expect(await status(old)).toBe(200);
    const rotated = await ask(`analytics/keys/${old.key.id}/rotate`, {
      method: 'POST',
      ...withHeaders(json({ grace_seconds: 600 }), bearer(master)),
    });
    expect(rotated.status).toBe(201);
    const made = (await rotated.json()) as { id: number; key: string; rotated_from: number };
    expect(made.rotated_from).toBe(old.key.id);
    expect((await ask('analytics/events', { headers: { 'X-API-Key': made.key } })).status).toBe(
      200,
    );
    expect(await status(old)).toBe(200);
    const again = `analytics/keys/${old.key.id}/rotate`;
    expect(await codeOf(again, { method: 'POST', headers: bearer(master) })).toEqual([
      409,
      'revoked_key',
    ]);
    const begun = performance.now();
    for (const id of [old.key.id, made.id]) {
      const response = await ask(`analytics/keys/${id}`, {
        method: 'DELETE',
        headers: bearer(master),
      });
      expect(response.status).toBe(200);
    }
    await until(async () => (await status(old)) === 401);
    expect(performance.now() - begun).toBeLessThan(5_000);
    expect((await ask('analytics/events', { headers: { 'X-API-Key': made.key } })).status).toBe(
      401,
    );
  });

  it.each([
    ['analytics/batch', 'write'],
    ['analytics/import', 'write'],
    ['analytics/users/import', 'admin'],
  ])(
    'a body of %s that goes on ends when its key is revoked, and says what was stored',
    async (path, kind) => {
      const sender = await makeKey(asked.server, { kind });
      const isStopped = new AbortController();
      const prefix = path.replaceAll('/', '-');
      async function* lines(): AsyncGenerator<string> {
        for (let time = 1_224_567_000; !isStopped.signal.aborted; time += 1) {
          const event = { timestamp: time, event: 'click' };
          const rest = kind === 'admin' ? { traits: { time } } : event;
          yield `${JSON.stringify({ user: `${prefix}-${time}`, ...rest })}\n`;
          await sleep(50);
        }
      }
      const answer = fetch(`${asked.server.base}/${path}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/x-ndjson', ...bearer(sender) },
        body: Readable.toWeb(Readable.from(lines())) as ReadableStream,
        duplex: 'half',
      });
      await sleep(500);
      await ask(`analytics/keys/${sender.key.id}`, { method: 'DELETE', headers: bearer(master) });
      const response = await answer.finally(() => isStopped.abort());
      expect(response.status).toBe(200);
      const result = (await response.json()) as { stored: number; incomplete: string };
      expect(result.incomplete).toContain('the key was revoked');
      expect(result.stored).toBeGreaterThan(5);
      const users = await asked.server.dataSource.query<unknown[]>(
        'SELECT FROM users WHERE starts_with(id, $1)',
        [prefix],
      );
      expect(users).toHaveLength(result.stored);
    },
  );

  it('what is kept of a key tells nobody what it is, and what was done is written down', async () => {
    const response = await ask('analytics/keys', {
      method: 'POST',
      ...withHeaders(json({ kind: 'write', name: 'app', source: 'app' }), bearer(master)),
    });
    const { key } = (await response.json()) as { key: string };
    expect(key).toMatch(/^ua_write_[\w-]{43}$/);
    const rows = await asked.server.dataSource.query<{ row: string }[]>(
      'SELECT access_keys::text AS row FROM access_keys UNION ALL SELECT audit_log::text FROM audit_log',
    );
    for (const { row } of rows) expect(row).not.toContain(key.slice(9));
    const listed = await (await ask('analytics/keys', { headers: bearer(master) })).text();
    expect(listed).not.toContain(key);
    expect(listed).toContain(key.slice(-4));
    const audit = (await (await ask('analytics/audit', { headers: bearer(master) })).json()) as {
      entries: { actor: string; action: string }[];
    };
    expect(audit.entries[0]).toMatchObject({
      actor: `key ${master.key.id} (test)`,
      action: 'key.create',
      details: { kind: 'write', name: 'app', source: 'app' },
    });
  });

  it.each([
    [{ kind: 'owner', name: 'x' }, 'kind must be write, read, admin'],
    [{ kind: 'read' }, 'name must be text'],
    [{ kind: 'read', name: 'x', source: 'shop' }, 'source, events and max_age_seconds belong'],
    [{ kind: 'write', name: 'x', origins: ['shop.example'] }, 'origins must be'],
    [{ kind: 'write', name: 'x', origins: ['https://shop.example/'] }, 'origins must be'],
    [{ kind: 'admin', name: 'x', origins: [SHOP] }, 'kind admin is for no page'],
    [{ kind: 'write', name: 'x', max_age_seconds: 0 }, 'max_age_seconds must be'],
    [{ kind: 'write', name: 'x', colour: 'red' }, 'colour is no field'],
    ['write', 'a key must be a JSON object'],
  ])('refuses %j', async (rules, message) => {
    const response = await ask('analytics/keys', {
      method: 'POST',
      ...withHeaders(json(rules), bearer(master)),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      code: 'invalid_key_rules',
      message: expect.stringContaining(message),
    });
  });
});
