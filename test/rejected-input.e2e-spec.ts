import { createConnection } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApplication, type TestApplication } from './support/application.js';

const VALID = 'timestamp=1224567997&user=3&event=click';
const json = (body: string | Buffer, headers: Record<string, string> = {}): RequestInit => ({
  headers: { 'Content-Type': 'application/json', ...headers },
  body: typeof body === 'string' ? body : new Uint8Array(body),
});

describe('input that is not stored', () => {
  let server: TestApplication;

  beforeAll(async () => {
    server = await startApplication();
  });
  afterAll(() => server.stop());

  async function expectRejected(code: string, query: string, init?: RequestInit): Promise<void> {
    const response = await server.post(`/analytics?${query}`, init);
    expect(response.status).toBe(204);
    expect(response.headers.get('X-Analytics-Rejected')).toMatch(
      new RegExp(String.raw`^${code}; message="[\x20-\x21\x23-\x5b\x5d-\x7e]+"$`),
    );
    expect(await server.countEvents()).toBe(0);
    const log = await server.get('/analytics/rejections?limit=1');
    expect(await log.json()).toMatchObject({
      rejections: [{ code, route: 'POST /analytics', message: expect.any(String) }],
      counts: { [code]: expect.any(Number) },
    });
  }

  it.each([
    ['missing_user', 'a missing user', 'timestamp=1&event=click'],
    ['missing_user', 'nothing at all', ''],
    ['invalid_user', 'an empty user', 'timestamp=1&user=&event=click'],
    ['invalid_user', 'a user of 256 characters', `user=${'u'.repeat(256)}&event=click`],
    ['invalid_user', 'a user of 256 emoji', `user=${'%F0%9F%98%80'.repeat(256)}&event=click`],
    ['invalid_user', 'NUL in a user', 'user=a%00b&event=click'],
    ['invalid_user', 'a line feed in a user', 'user=a%0Ab&event=click'],
    ['invalid_user', 'DEL in a user', 'user=a%7Fb&event=click'],
    ['invalid_user', 'a C1 control character', 'user=a%C2%85b&event=click'],
    ['invalid_user', 'a query string of 10 KB', `user=${'u'.repeat(10_240)}&event=click`],
    ['missing_event', 'a missing event', 'timestamp=1&user=3'],
    ['unknown_event', 'an unknown event', 'timestamp=1&user=3&event=purchase'],
    ['unknown_event', 'another case', 'timestamp=1&user=3&event=Click'],
    ['unknown_event', 'an empty event', 'timestamp=1&user=3&event='],
    [
      'unknown_event',
      'SQL as event',
      `user=3&event=${encodeURIComponent("click'; DROP TABLE events;--")}`,
    ],
    ['invalid_id', 'an empty id', `${VALID}&id=`],
    ['invalid_id', 'NUL in an id', `${VALID}&id=%00`],
    ['repeated_field', 'a repeated user', 'timestamp=1&user=1&user=2&event=click'],
    ['repeated_field', 'a repeated timestamp', 'timestamp=1&timestamp=1&user=2&event=click'],
    ['repeated_field', 'a repeated event', 'timestamp=1&user=2&event=click&event=impression'],
    ['malformed_query', 'bytes that are not UTF-8', 'user=%FF&event=click'],
    ['malformed_query', 'broken percent encoding', 'user=%E&event=click'],
    ['malformed_query', 'half a surrogate pair', 'user=%ED%A0%80&event=click'],
  ])('%s: %s', async (code, _, query) => {
    await expectRejected(code, query);
  });

  const badTimestamps = [
    'abc',
    '',
    '1e400',
    '-1',
    '1.5',
    '122456799712',
    '12245679971234',
    '%2B060000-01-01T00:00:00Z',
    '0000-12-31T23:59:59Z',
    '0001-01-01T00:00:00%2B01:00',
    '9999-12-31T23:59:59-01:00',
    '2008-10-21T05:46:37',
    '2008-10-21T05:46:37+02:00',
    '2008-02-30T00:00:00Z',
    '2008-10-21T24:00:00Z',
    '2008-10-21',
    'Infinity',
    'NaN',
    '0x10',
    '١٢٣',
    encodeURIComponent("1'; DROP TABLE events;--"),
    'now()',
    '%00',
  ];
  it.each(badTimestamps)('a timestamp of %s, in and out', async (timestamp) => {
    await expectRejected('invalid_timestamp', `timestamp=${timestamp}&user=3&event=click`);
    const response = await server.get(`/analytics?timestamp=${timestamp}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      statusCode: 400,
      code: 'invalid_parameter',
      message: expect.stringMatching(
        /^timestamp must be Unix seconds \(1 to 11 digits\), Unix milliseconds .* ISO 8601 with/,
      ),
    });
  });

  it.each([
    ['no timestamp', '', /^timestamp must be Unix seconds/],
    ['a repeated timestamp', 'timestamp=1&timestamp=1', /^timestamp must be Unix seconds/],
    ['an object', 'timestamp[a]=1', /^timestamp must be Unix seconds/],
    ['another format', 'timestamp=1&format=xml', /^format must be csv or json/],
    ['a repeated format', 'timestamp=1&format=csv&format=json', /^format must be csv or json/],
  ])('GET with %s is 400', async (_, query, message) => {
    const response = await server.get(`/analytics?${query}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ message: expect.stringMatching(message) });
  });

  it.each([
    ['unreadable_body', 'broken JSON', json('{"user": "3", "event"')],
    ['unreadable_body', 'an array', json('[{"user":"3","event":"click"}]')],
    ['unreadable_body', 'null', json('null')],
    ['unreadable_body', 'bytes that are not UTF-8', json(Buffer.from([0x22, 0xff, 0x22]))],
    ['unreadable_body', 'broken gzip', json('not gzip', { 'Content-Encoding': 'gzip' })],
    [
      'unreadable_body',
      'a malformed form',
      { headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: 'user=%E' },
    ],
    [
      'repeated_field',
      'a field in the form twice',
      {
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
        body: 'user=1&user=2&event=click',
      },
    ],
    ['unsupported_encoding', 'an unknown encoding', json('{}', { 'Content-Encoding': 'lzma' })],
    [
      'unsupported_charset',
      'another charset',
      json('{}', { 'Content-Type': 'application/json; charset=utf-16' }),
    ],
    ['unsupported_content_type', 'XML', json('<a/>', { 'Content-Type': 'application/xml' })],
    ['body_too_large', 'a body of 3 MB', json(JSON.stringify({ user: 'u'.repeat(3_000_000) }))],
    [
      'body_too_large',
      'a small body that grows to 3 MB',
      json(gzipSync(Buffer.alloc(3_000_000)), { 'Content-Encoding': 'gzip' }),
    ],
    ['invalid_user', 'a user of an object', json('{"user": {"$ne": 1}, "event": "click"}')],
    ['invalid_user', 'a fraction as user', json('{"user": 1.5, "event": "click"}')],
    [
      'invalid_user',
      'a number too large to be kept',
      json('{"user": 9007199254740993, "event": "click"}'),
    ],
    [
      'invalid_user',
      'half a surrogate pair',
      json(String.raw`{"user": "\ud800", "event": "click"}`),
    ],
    ['missing_user', 'null as user', json('{"user": null, "event": "click"}')],
    ['unknown_event', 'an array as event', json('{"user": "1", "event": ["click"]}')],
    [
      'invalid_timestamp',
      'a fraction as timestamp',
      json('{"user": "1", "event": "click", "timestamp": 1.5}'),
    ],
    [
      'invalid_timestamp',
      'a number beyond all',
      json('{"user": "1", "event": "click", "timestamp": 1e400}'),
    ],
    [
      'invalid_timestamp',
      'a negative timestamp',
      json('{"user": "1", "event": "click", "timestamp": -1}'),
    ],
  ])('%s: %s', async (code, _, init: RequestInit) => {
    await expectRejected(code, '', init);
  });

  it('a field both in the query and in the body', async () => {
    await expectRejected('repeated_field', VALID, json('{"user": "4"}'));
  });

  it('a body that breaks off: nothing is stored', async () => {
    await sendRaw('Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"user":');
    expect(await server.countEvents()).toBe(0);
  });

  it('an expectation that nobody knows is no reason for another answer', async () => {
    const answer = await sendRaw('Expect: the-unexpected\r\nContent-Length: 0\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 204 /);
    expect(answer).toContain('X-Analytics-Rejected: missing_user;');
  });

  /** @param rest what follows the first headers */
  async function sendRaw(rest: string): Promise<string> {
    const { port, hostname } = new URL(await server.app.getUrl());
    const socket = createConnection(Number(port), hostname.replaceAll(/[[\]]/g, ''));
    socket.end(`POST /analytics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${rest}`);
    let answer = '';
    for await (const chunk of socket.setEncoding('utf8')) answer += String(chunk);
    return answer;
  }
});
