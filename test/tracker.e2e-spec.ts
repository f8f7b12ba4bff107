import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { gunzipSync, brotliDecompressSync } from 'node:zlib';
import { AppModule } from '../src/app.module.js';
import { startApplication, type TestApplication } from './support/application.js';
import { rawGet } from './support/raw-get.js';
import { forgetCalls, storedCalls } from './support/segment.js';

const OWN_PATH = '/assets/shop.js';
const PATHS = ['/analytics.js', OWN_PATH];
const TIMESTAMP = '2026-11-24T09:30:00.250Z';

const CALL = {
  type: 'track',
  event: 'impression',
  properties: { element: 'promo-7' },
  anonymousId: 'a-1',
  messageId: 'm-1',
  timestamp: TIMESTAMP,
};

describe('the tracker', () => {
  let server: TestApplication;

  beforeAll(async () => {
    const writeKeys = { sources: new Map([['write-key', 'web']]) };
    server = await startApplication({ writeKeys, tracker: { path: OWN_PATH } });
  });
  afterAll(() => server.stop());
  afterEach(() => forgetCalls(server.dataSource));

  const send = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    server.post(path, {
      headers: { 'Content-Type': 'text/plain;charset=UTF-8', ...headers },
      body: JSON.stringify(body),
    });

  describe.each(PATHS)('at %s', (path) => {
    it('is a script that pages of any origin may load', async () => {
      const response = await server.get(path, { headers: { Origin: 'https://shop.example' } });
      expect(response.status).toBe(200);
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'content-type': 'text/javascript; charset=utf-8',
        'cache-control': 'public, max-age=3600, stale-while-revalidate=86400',
        'cross-origin-resource-policy': 'cross-origin',
        'access-control-allow-origin': '*',
        'x-content-type-options': 'nosniff',
        vary: 'Accept-Encoding',
        etag: expect.stringMatching(/^"[\w-]+"$/),
      });
      expect(await response.text()).toMatch(/^"use strict"|^\(/);
    });

    it('is the same in each encoding, with a digest of its own', async () => {
      const plain = await rawGet(server.base + path, {});
      const gzip = await rawGet(server.base + path, { 'Accept-Encoding': 'gzip' });
      const brotli = await rawGet(server.base + path, { 'Accept-Encoding': 'gzip, br' });
      expect(plain.headers['content-encoding']).toBeUndefined();
      expect(gzip.headers['content-encoding']).toBe('gzip');
      expect(brotli.headers['content-encoding']).toBe('br');
      expect(gunzipSync(gzip.body)).toEqual(plain.body);
      expect(brotliDecompressSync(brotli.body)).toEqual(plain.body);
      expect(gzip.body.length).toBeLessThanOrEqual(2_560);
      expect(new Set([plain, gzip, brotli].map(({ headers }) => headers['etag'])).size).toBe(3);
    });

    it('is not sent again to who has it', async () => {
      const { headers } = await rawGet(server.base + path, { 'Accept-Encoding': 'gzip' });
      const again = { 'Accept-Encoding': 'gzip', 'If-None-Match': headers['etag']! };
      const same = await rawGet(server.base + path, again);
      expect(same.status).toBe(304);
      expect(same.body).toHaveLength(0);
      expect(same.headers['etag']).toBe(headers['etag']);
      const other = await rawGet(server.base + path, { ...again, 'If-None-Match': '"other"' });
      expect(other.status).toBe(200);
    });

    it('takes what the script sends, from any origin', async () => {
      const response = await send(
        path,
        { sentAt: TIMESTAMP, batch: [{ ...CALL, writeKey: 'write-key' }] },
        { Origin: 'https://shop.example' },
      );
      expect(response.status).toBe(200);
      expect(response.headers.get('Access-Control-Allow-Origin')).toBe('*');
      expect(await response.json()).toEqual({ success: true });
      expect(await storedCalls(server.dataSource)).toMatchObject([
        {
          event: 'impression',
          user: 'a-1',
          kind: 'anonymous',
          source: 'web',
          properties: { element: 'promo-7' },
        },
      ]);
    });

    it('may be asked before', async () => {
      const response = await server.get(path, {
        method: 'OPTIONS',
        headers: { Origin: 'https://shop.example', 'Access-Control-Request-Method': 'POST' },
      });
      expect(response.status).toBe(204);
      expect(response.headers.get('Access-Control-Allow-Methods')).toBe('POST');
    });

    it('needs a write key, and notes where one is missing', async () => {
      const response = await send(path, { writeKey: 'other-key', batch: [CALL] });
      expect(response.status).toBe(401);
      expect(response.headers.get('Access-Control-Allow-Origin')).toBe('*');
      expect(await response.json()).toMatchObject({ success: false, code: 'invalid_write_key' });
      expect(await server.countEvents()).toBe(0);
    });

    it('refuses bodies that are too large or no JSON', async () => {
      const large = { writeKey: 'write-key', batch: [CALL], padding: 'x'.repeat(500 * 1024) };
      expect((await send(path, large)).status).toBe(413);
      expect((await server.post(path, { body: '{' })).status).toBe(400);
    });
  });

  it('names its way in in the log of rejections', async () => {
    const batch = [{ ...CALL, event: 7 }];
    const response = await send(OWN_PATH, { writeKey: 'write-key', batch });
    expect(response.status).toBe(400);
    const log = (await (await server.get('/analytics/rejections')).json()) as {
      rejections: { route: string; code: string }[];
    };
    expect(log.rejections).toContainEqual(
      expect.objectContaining({ route: 'POST /analytics.js', code: 'invalid_event' }),
    );
  });

  it('stores what is nobody’s as such, and judges the flag', async () => {
    const nobodys = { ...CALL, nobody: true, userId: 'u-1' };
    const batch = [nobodys, { ...CALL, messageId: 'm-2', nobody: 'perhaps' }];
    const response = await send('/analytics.js', { writeKey: 'write-key', batch });
    expect(await response.json()).toMatchObject({
      success: true,
      rejected: [{ index: 1, code: 'invalid_nobody', message: 'nobody must be true or false' }],
    });
    expect(await server.countEvents()).toBe(1);
    // Nobody has no row among the users.
    expect(await storedCalls(server.dataSource)).toEqual([]);
  });

  it.each(['/analytics', '/v1/track', 'shop.js', '/a/../b'])('cannot be at %s', (path) => {
    expect(() => AppModule.on(server.dataSource, { tracker: { path } })).toThrow(
      /^tracker\.path must be a path such as/,
    );
  });

  it('is nowhere else', async () => {
    expect((await server.get('/assets/other.js')).status).toBe(404);
    expect((await server.get('/analytics.js/x')).status).toBe(404);
  });
});
