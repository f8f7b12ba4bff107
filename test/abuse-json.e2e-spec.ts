import { monitorEventLoopDelay } from 'node:perf_hooks';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeKey } from './support/keys.js';
import { startApplication, type TestApplication } from './support/application.js';
import { endpoints, examplesOf, sendExample, type ExampleRequest } from './support/endpoints.js';

const KB = 1024;
/** What others may have to wait for, on a machine that does much else. */
const HELD_MS = 2_500;
const ANSWER_MS = 20_000;
const DEEP = 200_000;

/** Values that JSON allows, and no program sends. */
const VALUES: [name: string, json: string][] = [
  ['lists in lists', `${'['.repeat(DEEP)}${']'.repeat(DEEP)}`],
  ['objects in objects', `${'{"a":'.repeat(DEEP / 4)}1${'}'.repeat(DEEP / 4)}`],
  ['lists without an end', '['.repeat(DEEP)],
  ['very many keys', `{${keys(40_000)}}`],
  ['one key very often', `{${Array.from({ length: 40_000 }, () => '"a":1').join(',')}}`],
  ['a number beyond all', '1e400'],
  ['a number below all', '-1e400'],
  ['a number of very many digits', '9'.repeat(300 * KB)],
  ['a fraction of very many digits', `0.${'1'.repeat(300 * KB)}`],
  ['a negative zero', '-0'],
  ['half a character', String.raw`"\ud800"`],
  ['NUL', String.raw`"a\u0000b"`],
  ['a long text', `"${'x'.repeat(400 * KB)}"`],
  ['a text of escapes', `"${String.raw`\u0041`.repeat(60_000)}"`],
  ['very many items', `[${Array.from({ length: 60_000 }, () => '{}').join(',')}]`],
  ['what is no JSON', '{"a":NaN,}'],
];

const requests = endpoints
  .flatMap((endpoint) => examplesOf(endpoint).slice(0, 1))
  .filter(({ type }) => type === 'application/json');

let server: TestApplication;
/** For what takes one even where others need none. */
let adminKey: string;

beforeAll(async () => {
  server = await startApplication({ access: { open: true } });
  // The key that examples are about, and the one that they come by.
  await makeKey(server, { kind: 'read' });
  ({ secret: adminKey } = await makeKey(server, { kind: 'admin' }));
});
afterAll(() => server.stop());

describe.each(requests)('$method $path', (request) => {
  it.each(VALUES)('is answered in time, and holds nobody up, for %s', async (_, json) => {
    for (const body of bodiesWith(request, json)) {
      const { response, heldMs } = await measured(() =>
        sendExample(server.base, { ...request, body }, { 'X-API-Key': adminKey }),
      );
      expect(response.status).not.toBe(500);
      expect(heldMs).toBeLessThan(HELD_MS);
    }
  });

  it('tells of bytes that are no text', async () => {
    const body = Buffer.concat([
      Buffer.from('{"a":"'),
      Buffer.from([0xff, 0xc0, 0x80]),
      Buffer.from('"}'),
    ]);
    const response = await raw(request, body, {});
    expect([200, 204, 400]).toContain(response.status);
    const marked = Buffer.concat([Buffer.from('\u{feff}'), Buffer.from(request.body!)]);
    expect((await raw(request, marked, {})).status).toBeLessThan(500);
  });

  it('stops at a body that grows', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * KB * KB, ' '), { level: 9 });
    const begun = performance.now();
    const { response, heldMs } = await measured(() =>
      raw(request, bomb, { 'Content-Encoding': 'gzip' }),
    );
    // The original endpoint says it in a header.
    expect([413, 204]).toContain(response.status);
    expect(response.status === 204).toBe(response.headers.has('X-Analytics-Rejected'));
    expect(heldMs).toBeLessThan(HELD_MS);
    expect(performance.now() - begun).toBeLessThan(ANSWER_MS);
  });
});

describe('what is said once of very many', () => {
  const calls = Array.from({ length: 2_500 }, () => ({ type: 'page', userId: 'u' }));

  it.each(['/v1/batch', '/v1/import', '/analytics.js'])(
    'is refused by %s where it would be too much together',
    async (path) => {
      for (const context of [
        { text: 'x'.repeat(380 * KB) },
        Object.fromEntries(Array.from({ length: 30_000 }, (_, index) => [`k${index}`, 1])),
        { text: 'x'.repeat(5 * KB) },
      ]) {
        const body = JSON.stringify({ batch: calls, context });
        const { response, heldMs } = await measured(() => server.post(path, { body }));
        expect(response.status).toBe(413);
        expect(heldMs).toBeLessThan(HELD_MS);
      }
    },
  );

  it('is taken where it is as much as SDKs say', async () => {
    const context = { library: { name: 'analytics', version: '1' }, text: 'x'.repeat(2 * KB) };
    const body = JSON.stringify({ batch: calls.slice(0, 500), context });
    expect((await server.post('/v1/batch', { body })).status).toBe(200);
    const large = JSON.stringify({
      batch: calls.slice(0, 20),
      context: { text: 'x'.repeat(30 * KB) },
    });
    expect((await server.post('/v1/batch', { body: large })).status).toBe(200);
  });
});

describe('a pattern that could be tried in very many ways', () => {
  const text = 'a'.repeat(20_000);

  beforeAll(async () => {
    const events = Array.from({ length: 100 }, (_, index) => ({
      timestamp: '2026-11-24T09:30:00Z',
      id: `p-${index}`,
      user: `pattern-${index}`,
      event: 'a'.repeat(100),
      source: 'pattern',
      properties: { text },
    }));
    const headers = { 'Content-Type': 'application/json' };
    await server.post('/analytics/batch', { headers, body: JSON.stringify(events) });
    const traits = JSON.stringify({ traits: { text } });
    await server.get('/analytics/users/pattern-1', { method: 'PUT', headers, body: traits });
  });

  it.each([
    ['*a*a*a*a*a*a*a*a*ab'],
    ['a*a?a*a?a*a?a*a?a*b'],
    ['??????????'],
    ['*a*a*a*a*a*a*a*a*a?'],
    ['(a+)+$'],
    [String.raw`\a\a*%_\\*`],
  ])('%s is answered in time', async (pattern) => {
    for (const field of ['event', 'source', 'property:text', 'trait:text']) {
      for (const test of ['matches', 'contains']) {
        const query = {
          metrics: ['unique_users'],
          date_range: ['2026-11-24', '2026-11-25'],
          filters: [[test, field, [pattern]]],
        };
        const begun = performance.now();
        const { response, heldMs } = await measured(() =>
          server.post('/analytics/query', { body: JSON.stringify(query) }),
        );
        expect(response.status).toBe(200);
        expect(heldMs).toBeLessThan(HELD_MS);
        expect(performance.now() - begun).toBeLessThan(ANSWER_MS);
      }
    }
  });
});

function keys(count: number): string {
  return Array.from({ length: count }, (_, index) => `"k${index}":1`).join(',');
}

/** As all of the body, as one of its fields, and as one of a list's items. */
function bodiesWith({ body = '' }: ExampleRequest, json: string): string[] {
  const MARK = '"\u{1}"';
  const value = JSON.parse(body) as Record<string, unknown> | unknown[];
  const marked = Object.keys(value).map((key) =>
    JSON.stringify(Object.assign(structuredClone(value), { [key]: '\u{1}' })).replace(
      JSON.stringify('\u{1}'),
      () => MARK,
    ),
  );
  return [
    json,
    ...marked.slice(0, 3).map((text) => text.replace(MARK, () => json)),
    `{"events":[${json}],"batch":[${json}]}`,
  ];
}

async function measured(
  send: () => Promise<Response>,
): Promise<{ response: Response; heldMs: number }> {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const response = await send();
  await response.body?.cancel();
  delay.disable();
  return { response, heldMs: delay.max / 1e6 };
}

function raw(
  { url, method, type }: ExampleRequest,
  body: Buffer,
  headers: Record<string, string>,
): Promise<Response> {
  return server.get(url, {
    method: method.toUpperCase(),
    headers: { 'Content-Type': type, 'X-API-Key': adminKey, ...headers },
    body: new Uint8Array(body),
  });
}
