import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApplication, type TestApplication } from './support/application.js';
import {
  endpoints,
  examplesOf,
  isWriting,
  sendExample,
  type ExampleRequest,
} from './support/endpoints.js';
import { makeKey } from './support/keys.js';
import { exchange } from './support/raw-exchange.js';

const ELSEWHERE = 'https://elsewhere.example';
const requests = endpoints.flatMap((endpoint) => examplesOf(endpoint).slice(0, 1));
/** Those that pages of any site may send, and read the answer of; no others. */
const isForPages = (request: ExampleRequest): boolean =>
  isWriting(request) && request.path !== '/analytics/import';

let server: TestApplication;
/** For what takes one even where others need none. */
let key: string;

beforeAll(async () => {
  server = await startApplication({ access: { open: true } });
  // The key that examples are about, and the one that they come by.
  await makeKey(server, { kind: 'read' });
  ({ secret: key } = await makeKey(server, { kind: 'admin' }));
  await server.post('/v1/identify', { body: '{"anonymousId":"b-1","userId":"u-81"}' });
});
afterAll(() => server.stop());

describe('pages of other sites', () => {
  it.each(requests.filter(isForPages))('may send by $method $path', async (request) => {
    const response = await sendExample(server.base, request, { Origin: ELSEWHERE });
    expect(response.ok).toBe(true);
    expect(response.headers.get('Access-Control-Allow-Origin')).toBe('*');
    // Never together with the visitor's cookies.
    expect(response.headers.get('Access-Control-Allow-Credentials')).toBeNull();
    const asked = await ask(request);
    expect(asked.status).toBe(204);
    expect(asked.headers.get('Access-Control-Allow-Methods')).toBe('POST');
  });

  // The script is for them.
  const isForOthers = (request: ExampleRequest): boolean =>
    !isForPages(request) && `${request.method} ${request.path}` !== 'get /analytics.js';

  it.each(requests.filter(isForOthers))('read nothing of $method $path', async (request) => {
    const response = await sendExample(server.base, request, { Origin: ELSEWHERE });
    await response.body?.cancel();
    expect(corsOf(response)).toEqual([]);
    const asked = await ask(request);
    // Where a path has an endpoint for pages, it allows that one's method alone.
    const allowed = asked.headers.get('Access-Control-Allow-Methods');
    expect([null, 'POST']).toContain(allowed);
    expect(allowed === 'POST').toBe(isPathForPages(request.path));
  });

  it('neither dashboard nor explorer', async () => {
    for (const path of ['/dashboard', '/dashboard/dashboard.js', '/docs', '/docs-json', '/']) {
      const response = await server.get(path, { headers: { Origin: ELSEWHERE } });
      expect(corsOf(response)).toEqual([]);
    }
  });

  const ask = ({ path, url, method }: ExampleRequest): Promise<Response> =>
    server.get(path.includes('{') ? url : path, {
      method: 'OPTIONS',
      headers: {
        Origin: ELSEWHERE,
        'Access-Control-Request-Method': method.toUpperCase(),
        'Access-Control-Request-Headers': 'content-type',
      },
    });
});

describe('what only looks like another request', () => {
  it.each(requests)('HEAD of $path has no body, and changes nothing', async (request) => {
    const before = await state();
    const { url } = request;
    const text = `HEAD ${url} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
    const answer = await exchange(server.base, text);
    expect(answer.status).toBeGreaterThanOrEqual(200);
    expect(answer.status).toBeLessThan(500);
    expect(answer.body).toBe('');
    expect(await state()).toEqual(before);
  });

  it.each(requests.filter(({ method }) => method === 'get'))(
    '$path stays a GET whatever method a header names',
    async (request) => {
      const before = await state();
      for (const name of ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override']) {
        const response = await sendExample(server.base, request, {
          'X-API-Key': key,
          [name]: 'DELETE',
        });
        expect(response.ok).toBe(true);
        await response.body?.cancel();
        const { url } = request;
        const separator = url.includes('?') ? '&' : '?';
        const asked = await server.get(`${url}${separator}_method=DELETE`, {
          headers: { 'X-API-Key': key },
        });
        expect([200, 400]).toContain(asked.status);
        await asked.body?.cancel();
      }
      expect(await state()).toEqual(before);
    },
  );

  it.each(requests)(
    '$method $path: nothing in its answer follows the headers of a proxy',
    async (request) => {
      const response = await sendExample(server.base, request, {
        'X-Forwarded-Host': 'evil.example',
        'X-Forwarded-Proto': 'gopher',
        'X-Forwarded-Prefix': '/evil.example',
        'X-Forwarded-For': '6.6.6.6',
        'X-Original-URL': '/evil.example',
        'X-Rewrite-URL': '/evil.example',
        Forwarded: 'host=evil.example;for=6.6.6.6',
      });
      const headers = JSON.stringify([...response.headers]);
      const isEndless = request.path === '/analytics/live';
      const body = isEndless ? '' : await response.text();
      await (isEndless ? response.body?.cancel() : undefined);
      expect(headers + body).not.toMatch(/evil\.example|6\.6\.6\.6|gopher/);
    },
  );

  it.each(['/', '/dashboard/', '/dashboard/?a=1', '/docs', '/docs-json', '/nothing'])(
    '%s names no host that the request names',
    async (path) => {
      for (const host of ['evil.example', 'evil.example:80', '"><script>', '']) {
        const text = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nX-Forwarded-Host: evil.example\r\nConnection: close\r\n\r\n`;
        const answer = await exchange(server.base, text);
        expect(answer.text).not.toMatch(/evil\.example|"><script>/);
      }
    },
  );
});

describe('requests that two servers would take for different ones', () => {
  const BODY = '[{"user":"smuggler","event":"click"}]';
  const NEXT = 'GET /analytics/rejections HTTP/1.1\r\nHost: a\r\n\r\n';
  const batch = (headers: string[], body: string): string =>
    [
      'POST /analytics/batch HTTP/1.1',
      'Host: localhost',
      'Content-Type: application/json',
      ...headers,
      'Connection: close',
      '',
      body,
    ].join('\r\n');

  it.each([
    ['two lengths', batch([`Content-Length: ${BODY.length}`, 'Content-Length: 3'], BODY)],
    ['two lengths in one', batch([`Content-Length: ${BODY.length}, ${BODY.length}`], BODY)],
    ['a length with a sign', batch([`Content-Length: +${BODY.length}`], BODY)],
    ['a length that is none', batch(['Content-Length: 0x10'], BODY)],
    ['a negative length', batch(['Content-Length: -1'], BODY)],
    [
      'a length and chunks',
      batch([`Content-Length: ${BODY.length}`, 'Transfer-Encoding: chunked'], `0\r\n\r\n${NEXT}`),
    ],
    ['chunks that are not last', batch(['Transfer-Encoding: chunked, identity'], '0\r\n\r\n')],
    ['an encoding with a tab', batch(['Transfer-Encoding:\tchunked\x0b'], '0\r\n\r\n')],
    ['a name with a blank', batch([`Content-Length : ${BODY.length}`], BODY)],
    [
      'a folded header',
      batch(['X-One: a\r\n b', 'Content-Length: 0'], '').replace('\r\n b', '\n b'),
    ],
    ['a bare line feed', 'GET /health/live HTTP/1.1\nHost: localhost\n\n'],
    [
      'a size of a chunk that overflows',
      batch(['Transfer-Encoding: chunked'], 'ffffffffffffffff1\r\n'),
    ],
    ['no host', 'GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['another protocol', 'GET /health/live HTCPCP/1.0\r\nHost: a\r\n\r\n'],
    ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ])('%s: refused, the connection is closed, and nothing is stored', async (_, text) => {
    const before = await state();
    const answer = await exchange(server.base, text);
    expect(answer.status).toBe(400);
    expect(answer.text.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(await state()).toEqual(before);
  });

  it('what stands behind a body is no part of it, and keeps nobody from the answer', async () => {
    const whole = batch([`Content-Length: ${BODY.length}`], `${BODY}}]]garbage\r\n\r\n`);
    const answer = await exchange(server.base, whole.replace('Connection: close', 'X-A: b'));
    expect(answer.status).toBe(200);
    expect(answer.headers).toContain('Connection: close');
    expect(answer.text.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(answer.text).toContain('"stored":1');
  });
});

/** All that a request could change. */
async function state(): Promise<unknown> {
  return server.dataSource.query(
    `SELECT (SELECT count(*) FROM events) AS events, (SELECT count(*) FROM users) AS users,
       (SELECT count(*) FROM merges WHERE undone_at IS NULL) AS merges,
       (SELECT md5(string_agg(id || traits::text, ',' ORDER BY seq)) FROM users) AS traits`,
  );
}

function corsOf(response: Response): string[] {
  return [...response.headers.keys()].filter((name) => name.startsWith('access-control-'));
}

function isPathForPages(path: string): boolean {
  return requests.some((request) => request.path === path && isForPages(request));
}
