import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { RejectionsDto } from '../src/ingest/rejections.dto.js';
import { startApplication, type TestApplication } from './support/application.js';
import {
  call,
  forgetCalls,
  storedCalls,
  storedMerges,
  traitsOf,
  type StoredCall,
} from './support/segment.js';

const TIMESTAMP = '2008-10-21T05:46:37.250Z';
const BASE = { userId: 'u-1', timestamp: TIMESTAMP };
const TRACK = { ...BASE, event: 'Signed Up', messageId: 'm-1' };

describe("Segment's HTTP Tracking API", () => {
  let server: TestApplication;

  beforeAll(async () => {
    server = await startApplication();
  });
  afterAll(() => server.stop());
  beforeEach(() => forgetCalls(server.dataSource));

  const stored = (): Promise<StoredCall[]> => storedCalls(server.dataSource);

  describe.each(['', '/'])('at each path, with %j at its end', (end) => {
    it.each([
      ['track', 't', { event: 'e' }, 'e'],
      ['identify', 'i', {}, 'identify'],
      ['page', 'p', {}, 'page'],
      ['screen', 's', {}, 'screen'],
      ['alias', 'a', { previousId: 'a-1' }, 'alias'],
      ['group', 'g', { groupId: 'g-1' }, 'group'],
      ['batch', 'b', { batch: [{ ...BASE, type: 'page' }] }, 'page'],
      ['import', 'import', { batch: [{ ...BASE, type: 'screen' }] }, 'screen'],
    ])('POST /v1/%s and /v1/%s', async (path, short, body, event) => {
      for (const one of [path, short]) {
        const response = await call(server, one + end, { ...BASE, ...body });
        expect(response.status).toBe(200);
        expect(await response.json()).toEqual({ success: true });
      }
      const events = await stored();
      expect(events.map((row) => row.event)).toEqual([event, event]);
      expect(events[0]).toMatchObject({
        user: 'u-1',
        kind: 'known',
        source: 'default',
        time: new Date(TIMESTAMP),
      });
    });
  });

  it('POST /v1/m, the figures of SDKs about themselves, is answered and not kept', async () => {
    for (const body of ['{"series":[]}', 'not JSON', '']) {
      const response = await server.post('/v1/m', { body });
      expect([response.status, await response.json()]).toEqual([200, { success: true }]);
    }
    expect(await stored()).toEqual([]);
  });

  it('a path that Segment does not have is 404', async () => {
    expect((await call(server, 'pixel', TRACK)).status).toBe(404);
    expect((await server.get('/v1/track')).status).toBe(404);
  });

  it('tells who a visitor is: their traits, groups, and all that they did before', async () => {
    const at = (second: number): string => `2008-10-21T05:46:0${second}.000Z`;
    const response = await call(server, 'batch', {
      batch: [
        { type: 'page', anonymousId: 'a-1', name: 'Start', timestamp: at(1) },
        { type: 'identify', anonymousId: 'a-1', traits: { plan: 'free' }, timestamp: at(2) },
        {
          type: 'identify',
          userId: 'u-2',
          anonymousId: 'a-1',
          traits: { name: 'Ada' },
          timestamp: at(3),
        },
        { type: 'group', userId: 'u-2', groupId: 'g-2', traits: { size: 3 }, timestamp: at(4) },
        { type: 'alias', userId: 'u-2', previousId: 'a-2', timestamp: at(5) },
      ],
      context: { ip: '192.0.2.1' },
      sentAt: at(6),
    });
    expect(await response.json()).toEqual({ success: true });
    expect(await storedMerges(server.dataSource)).toEqual(['a-1 -> u-2', 'a-2 -> u-2']);
    expect(await traitsOf(server.dataSource, 'u-2')).toEqual({ plan: 'free', name: 'Ada' });
    const groups = await server.dataSource.query(
      `SELECT groups.id, groups.traits, users.id AS member FROM memberships
       JOIN groups ON groups.seq = group_seq JOIN users ON users.seq = user_seq`,
    );
    expect(groups).toContainEqual({ id: 'g-2', traits: { size: 3 }, member: 'u-2' });
    const events = await stored();
    expect(events[0]).toMatchObject({
      event: 'page',
      user: 'a-1',
      kind: 'anonymous',
      properties: { name: 'Start', context: { ip: '192.0.2.1' } },
    });
    expect(events[2]!.properties).toEqual({
      traits: { name: 'Ada' },
      context: { ip: '192.0.2.1', anonymousId: 'a-1' },
    });
  });

  it.each([
    ['application/json', {}],
    ['text/plain', {}],
    ['text/plain;charset=UTF-8', {}],
    ['application/x-www-form-urlencoded', {}],
    ['', {}],
  ])('takes JSON as %j', async (type) => {
    const response = await call(server, 'track', TRACK, { 'Content-Type': type });
    expect(response.status).toBe(200);
    expect(await stored()).toHaveLength(1);
  });

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ] as const)('takes %s', async (encoding, compress) => {
    const response = await server.post('/v1/batch', {
      headers: { 'Content-Encoding': encoding, 'Content-Type': 'application/json' },
      body: new Uint8Array(compress(JSON.stringify({ batch: [{ ...TRACK, type: 'track' }] }))),
    });
    expect(response.status).toBe(200);
    expect(await stored()).toHaveLength(1);
  });

  it('lets pages of any site send, and read the answer', async () => {
    const origin = { Origin: 'https://shop.example.com' };
    const asked = await server.get('/v1/t', {
      method: 'OPTIONS',
      headers: {
        ...origin,
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'authorization,content-type,x-retry-count',
      },
    });
    expect(asked.status).toBe(204);
    expect(asked.headers.get('Access-Control-Allow-Origin')).toBe('*');
    expect(asked.headers.get('Access-Control-Allow-Methods')).toContain('POST');
    expect(asked.headers.get('Access-Control-Allow-Headers')).toContain('x-retry-count');
    for (const body of [TRACK, {}]) {
      const answer = await call(server, 't', body, origin);
      expect(answer.headers.get('Access-Control-Allow-Origin')).toBe('*');
      expect(answer.headers.get('Access-Control-Expose-Headers')).toContain('Retry-After');
    }
  });

  it('sent again, whenever that is, stores nothing twice', async () => {
    const batch = [
      { ...TRACK, type: 'track' },
      { ...BASE, type: 'identify', anonymousId: 'again', traits: { plan: 'a' }, messageId: 'm-2' },
    ];
    for (const sentAt of ['2026-11-24T09:30:00Z', '2026-11-24T09:31:00Z', null]) {
      const response = await call(server, 'batch', { batch, sentAt });
      expect([response.status, await response.json()]).toEqual([200, { success: true }]);
    }
    const single = await call(server, 'track', { ...TRACK, sentAt: '2026-11-24T09:32:00Z' });
    expect(await single.json()).toEqual({ success: true });
    expect(await stored()).toHaveLength(2);
    expect(await storedMerges(server.dataSource)).toEqual(['again -> u-1']);
  });

  it('sent again under the name that its visitor has by then, is stored once', async () => {
    const visit = { ...TRACK, type: 'track', userId: null, anonymousId: 'a-9' };
    const named = { ...visit, userId: 'u-9' };
    for (const one of [visit, named, named]) {
      const response = await call(server, 't', one);
      expect([response.status, await response.json()]).toEqual([200, { success: true }]);
    }
    const other = { ...named, messageId: 'm-9' };
    const batch = [{ ...visit, messageId: 'm-9' }, other, { ...other, messageId: 'm-10' }];
    await call(server, 'b', { batch });
    const events = await stored();
    expect(events.map(({ user }) => user).toSorted()).toEqual(['a-9', 'a-9', 'u-9']);
    expect(await storedMerges(server.dataSource)).toEqual([]);
  });

  describe('what can never be stored', () => {
    it('is told of a batch in part, beside what is', async () => {
      const response = await call(server, 'batch', {
        batch: [{ ...TRACK, type: 'track' }, { type: 'track' }, 7, { ...BASE, type: 'page' }],
        writeKey: 'secret-key',
      });
      expect(response.status).toBe(200);
      expect(await response.json()).toEqual({
        success: true,
        rejected: [
          { index: 1, code: 'missing_user', message: expect.any(String) },
          { index: 2, code: 'invalid_item', message: expect.any(String) },
        ],
      });
      expect(await stored()).toHaveLength(2);
    });

    it.each<[string, unknown, string]>([
      ['track', { event: 'e' }, 'missing_user'],
      ['track', BASE, 'missing_event'],
      ['alias', BASE, 'missing_previous_id'],
      ['group', BASE, 'missing_group'],
      ['track', { ...TRACK, timestamp: 'yesterday' }, 'invalid_timestamp'],
      ['batch', { batch: [{ ...BASE, type: 'trace' }] }, 'unknown_type'],
    ])('%s %j is 400: %s', async (path, body, code) => {
      const response = await call(server, path, body);
      expect(response.status).toBe(400);
      expect(await response.json()).toEqual({
        success: false,
        statusCode: 400,
        code,
        message: expect.any(String),
        rejected: [{ index: 0, code, message: expect.any(String) }],
      });
      expect(await stored()).toEqual([]);
    });

    it.each([
      ['{"batch":', 'unreadable_body'],
      ['[]', 'unreadable_body'],
      ['', 'unreadable_body'],
      ['{}', 'invalid_batch'],
      ['{"batch":{}}', 'invalid_batch'],
    ])('a body of %j is 400', async (body, code) => {
      const response = await server.post('/v1/batch', { body });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ success: false, code });
    });

    it.each([
      [{ 'Content-Encoding': 'zstd' }, 'unsupported_encoding', 'gzip'],
      [{ 'Content-Type': 'text/plain; charset=latin1' }, 'unsupported_charset', 'UTF-8'],
    ])('%j is 415', async (headers, code, accepted) => {
      const response = await call(server, 'track', TRACK, headers);
      expect(response.status).toBe(415);
      const answer = (await response.json()) as { message: string };
      expect(answer).toMatchObject({ success: false, code });
      expect(answer.message).toContain(accepted);
    });

    it('is in the log of rejections, without the write key', async () => {
      await call(server, 'track', { anonymousId: 'logged', writeKey: 'secret-key' });
      const log = await server.get('/analytics/rejections');
      const { rejections } = (await log.json()) as RejectionsDto;
      expect(rejections[0]).toMatchObject({ route: 'POST /v1/track', code: 'missing_event' });
      expect(rejections[0]!.input).toContain('logged');
      expect(JSON.stringify(rejections)).not.toContain('secret-key');
    });
  });

  it('an empty batch is fine', async () => {
    const response = await call(server, 'batch', { batch: [] });
    expect([response.status, await response.json()]).toEqual([200, { success: true }]);
  });
});
