import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import type { RejectionsDto } from '../src/ingest/rejections.dto.js';
import { startApplication, type TestApplication } from './support/application.js';
import { bringDatabaseBack, takeDatabaseAway } from './support/database.js';
import { PeopleClient } from './support/people.js';
import { until } from './support/poll.js';

describe('PUT /analytics/users/{id}', () => {
  let server: TestApplication;
  let people: PeopleClient;

  beforeAll(async () => {
    server = await startApplication();
    people = new PeopleClient(server);
  });
  afterAll(() => server.stop());

  it('creates the user, sets key by key, and null removes one', async () => {
    const created = await people.put('a/b ä', { plan: 'free', seats: 3, tags: ['x'] });
    expect(created.status).toBe(200);
    expect(await created.json()).toEqual({
      id: 'a/b ä',
      kind: 'known',
      traits: { plan: 'free', seats: 3, tags: ['x'] },
    });
    const traits = await people.set('a/b ä', { plan: 'pro', seats: null, tags: ['x', { y: 1 }] });
    expect(traits).toEqual({ plan: 'pro', tags: ['x', { y: 1 }] });
    expect(await people.set('a/b ä', {})).toEqual(traits);
    expect(await people.set('empty', {})).toEqual({});
    expect(await people.traitsOf('empty')).toEqual({});
  });

  it('is newer than what comes late, and older than what comes after', async () => {
    await people.set('late', { plan: 'pro' });
    await people.call('identify', {
      userId: 'late',
      timestamp: '2020-01-01T00:00:00Z',
      traits: { plan: 'old', city: 'Rome' },
    });
    expect(await people.traitsOf('late')).toEqual({ plan: 'pro', city: 'Rome' });
    await people.set('late', { city: null });
    await people.call('identify', {
      userId: 'late',
      timestamp: '2020-01-02T00:00:00Z',
      traits: { city: 'Rome' },
    });
    expect(await people.traitsOf('late')).toEqual({ plan: 'pro' });
    // A clock that is fast keeps nobody out.
    await people.call('identify', {
      userId: 'late',
      timestamp: String(Date.now() + 23 * 3_600_000),
      traits: { plan: 'fast' },
    });
    expect(await people.set('late', { plan: 'last' })).toEqual({ plan: 'last' });
  });

  it.each([
    ['an id that is too long', 'x'.repeat(256), '{"traits":{}}', 'invalid_user'],
    ['an id with NUL', '\0', '{"traits":{}}', 'invalid_user'],
    ['no JSON', 'refused', '{"traits":', 'unreadable_body'],
    ['an array', 'refused', '[]', 'unreadable_body'],
    ['no traits', 'refused', '{}', 'unreadable_body'],
    ['another field', 'refused', '{"traits":{},"__proto__":{}}', 'unknown_field'],
    ['traits that are no object', 'refused', '{"traits":"x"}', 'invalid_traits'],
    ['a value with NUL', 'refused', '{"traits":{"a":"\\u0000"}}', 'invalid_traits'],
    ['a key with half a pair', 'refused', '{"traits":{"\\ud800":1}}', 'invalid_traits'],
    [
      'deep nesting',
      'refused',
      `{"traits":{"a":${'['.repeat(30)}${']'.repeat(30)}}}`,
      'invalid_traits',
    ],
    ['33 KB of traits', 'refused', `{"traits":{"a":"${'x'.repeat(33_000)}"}}`, 'invalid_traits'],
  ])('refuses %s', async (_, user, body, code) => {
    const response = await people.put(user, {}, { body });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ statusCode: 400, code });
    expect(await people.traitsOf('refused')).toBeUndefined();
  });

  it('refuses what is no JSON by its type, too large, and compressed in another way', async () => {
    const body = '{"traits":{}}';
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', '']) {
      const headers = { 'Content-Type': type };
      expect((await people.put('typed', {}, { headers, body: Buffer.from(body) })).status).toBe(
        415,
      );
    }
    const large = await people.put('typed', { a: 'x'.repeat(65_536) });
    expect([large.status, await large.json()]).toMatchObject([413, { code: 'body_too_large' }]);
    const json = { 'Content-Type': 'application/json' };
    const zstd = await people.put(
      'typed',
      {},
      { headers: { ...json, 'Content-Encoding': 'zstd' } },
    );
    expect(zstd.status).toBe(415);
    const headers = { ...json, 'Content-Encoding': 'gzip' };
    expect((await people.put('typed', {}, { headers, body: gzipSync(body) })).status).toBe(200);
  });

  it('keeps __proto__ and its like as the keys that they are', async () => {
    const body = '{"traits":{"__proto__":{"polluted":true},"constructor":1,"toString":"x"}}';
    const response = await people.put('proto', {}, { body });
    expect(await response.text()).toContain('"__proto__":{"polluted":true}');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('bounds what a user has, over any number of requests, removed keys too', async () => {
    for (let round = 0; ; round += 1) {
      const keys = Array.from({ length: 400 }, (_, key) => [`k-${round}-${key}`, key % 2 || null]);
      const response = await people.put('many', Object.fromEntries(keys));
      if (response.status === 200) continue;
      expect(round).toBe(2);
      expect(response.status).toBe(422);
      expect(await response.json()).toMatchObject({
        code: 'too_many_traits',
        message: 'a user, or a group, has at most 1,000 traits, of 128 KB in all',
      });
      break;
    }
    expect(await people.set('many', { 'k-0-0': 'still' })).toMatchObject({ 'k-0-0': 'still' });
    const statuses: number[] = [];
    for (let round = 0; round < 12; round += 1) {
      const key = `${round}`.padEnd(30_000, 'k');
      statuses.push((await people.put('long', { [key]: null })).status);
    }
    expect(statuses.slice(0, 6)).toEqual(Array(6).fill(200));
    expect(statuses.slice(-2)).toEqual([422, 422]);
  });

  it('tells what is refused to the log of rejections', async () => {
    await people.put('logged', 'x');
    const log = await server.get('/analytics/rejections');
    const { rejections } = (await log.json()) as RejectionsDto;
    expect(rejections[0]).toMatchObject({ code: 'invalid_traits', route: 'PUT /analytics/users' });
  });

  it('gives other sites no leave', async () => {
    for (const [path, method] of [
      ['/analytics/users/u', 'PUT'],
      ['/analytics/users/import', 'POST'],
      ['/analytics/merges/1', 'DELETE'],
    ] as const) {
      const asked = await server.get(path, {
        method: 'OPTIONS',
        headers: { Origin: 'https://evil.example', 'Access-Control-Request-Method': method },
      });
      expect(asked.headers.get('Access-Control-Allow-Origin')).toBeNull();
      const headers = { Origin: 'https://evil.example', 'Content-Type': 'text/plain' };
      const answer = await server.get(path, { method, headers });
      expect(answer.headers.get('Access-Control-Allow-Origin')).toBeNull();
    }
  });

  it('is 503 while the database is away; a call that waited on disk is older', async () => {
    await server.dataSource.query('TRUNCATE events');
    await takeDatabaseAway(server.databaseUrl);
    await people.call('identify', { userId: 'away', traits: { plan: 'spooled', city: 'Rome' } });
    const refused = await people.put('away', { plan: 'put' });
    expect(refused.status).toBe(503);
    expect(refused.headers.get('Retry-After')).toMatch(/^[1-9]\d*$/);
    expect(await refused.json()).toMatchObject({ code: 'unavailable' });
    await bringDatabaseBack(server.databaseUrl);
    // The replay stands behind this lock, and the PUT goes first.
    const client = new Client(server.databaseUrl);
    await client.connect();
    try {
      await client.query('BEGIN; LOCK TABLE events IN EXCLUSIVE MODE');
      expect(await people.set('away', { plan: 'put' })).toMatchObject({ plan: 'put' });
      await client.query('COMMIT');
    } finally {
      await client.end();
    }
    await until(async () => (await server.countEvents()) === 1);
    expect(await people.traitsOf('away')).toEqual({ plan: 'put', city: 'Rome' });
  });

  it('loses nothing, and nobody waits in a circle, when many say so at once', async () => {
    const users = Array.from({ length: 20 }, (_, index) => `c-${index}`);
    const shuffled = (seed: number): string[] =>
      users.toSorted((one, other) => hash(one, seed) - hash(other, seed));
    const ways = [byPut, byIdentify, byImport];
    const writers = Array.from({ length: 24 }, (_, writer) => writer);
    await Promise.all(writers.map((writer) => ways[writer % 3]!(writer, shuffled(writer))));
    const expected = Object.fromEntries(Array.from({ length: 24 }, (_, n) => [`w${n}`, n]));
    for (const user of users) expect(await people.traitsOf(user)).toMatchObject(expected);
    const [deadlocks] = await server.dataSource.query(
      'SELECT deadlocks::int AS count FROM pg_stat_database WHERE datname = current_database()',
    );
    expect(deadlocks).toEqual({ count: 0 });
  });

  async function byPut(writer: number, users: string[]): Promise<void> {
    for (const user of users) await people.set(user, { [`w${writer}`]: writer });
  }

  async function byIdentify(writer: number, users: string[]): Promise<void> {
    for (const userId of users) {
      const anonymousId = `b-${hash(userId, writer) % 50}-${userId}`;
      await people.call('identify', { userId, anonymousId, traits: { [`w${writer}`]: writer } });
    }
  }

  async function byImport(writer: number, users: string[]): Promise<void> {
    const lines = users.flatMap((user) => [
      JSON.stringify({ user, traits: { [`w${writer}`]: writer } }),
      JSON.stringify({ user: `b-${writer}-${user}`, anonymous: true, traits: { seen: true } }),
    ]);
    const { stored } = await people.imported('x-ndjson', lines.join('\n'));
    if (stored !== lines.length) throw new Error(`${stored} of ${lines.length} were stored`);
  }
});

function hash(text: string, seed: number): number {
  let value = seed + 1;
  for (const character of text) value = (value * 31 + character.charCodeAt(0) * seed + 7) % 65_521;
  return value;
}
