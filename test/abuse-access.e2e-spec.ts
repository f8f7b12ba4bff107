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
import { until } from './support/poll.js';

const SHOP = 'https://shop.example';
const ELSEWHERE = 'https://elsewhere.example';

/** No data is in them: all others take a key, be they new and unknown to this test. */
const OPEN = ['get /analytics.js', 'get /health/live', 'get /health/ready'];
const ADMINISTRATION =
  /^(put|delete) |^(get|post) \/analytics\/(keys|audit|users\/import|users\/\{id\}\/export)/;

type Kind = 'write' | 'read' | 'admin';

function kindOf(request: ExampleRequest): Kind {
  if (isWriting(request)) return 'write';
  return ADMINISTRATION.test(nameOf(request)) ? 'admin' : 'read';
}

function nameOf({ method, path }: ExampleRequest): string {
  return `${method} ${path}`;
}

const requests = endpoints
  .flatMap((endpoint) => examplesOf(endpoint).slice(0, 1))
  .filter((request) => !OPEN.includes(nameOf(request)))
  .map((request) => ({ request, kind: kindOf(request), name: nameOf(request) }));

let server: TestApplication;
const keys: Record<Kind | 'revoked' | 'writePages' | 'readPages', string> = {
  write: '',
  read: '',
  admin: '',
  revoked: '',
  writePages: '',
  readPages: '',
};

beforeAll(async () => {
  server = await startApplication();
  const make = async (rules: object) => (await makeKey(server, rules)).secret;
  keys.revoked = await make({ kind: 'admin' });
  await server.dataSource.query('UPDATE access_keys SET revoked_at = now()');
  for (const kind of ['write', 'read', 'admin'] as const) keys[kind] = await make({ kind });
  keys.writePages = await make({ kind: 'write', origins: [SHOP] });
  keys.readPages = await make({ kind: 'read', origins: [SHOP] });
  await until(async () => (await server.get('/analytics/events')).status === 401);
});
afterAll(() => server.stop());

/** The status, and the code of what was refused; the original endpoint says it in a header. */
async function refusal(
  request: ExampleRequest,
  headers: Record<string, string>,
): Promise<[status: number, code: string | undefined]> {
  const response = await sendExample(server.base, request, headers);
  expect(Object.keys(request.operation.responses)).toContain(String(response.status));
  const header = response.headers.get('X-Analytics-Rejected');
  if (header !== null) return [401, header.split(';')[0]];
  if (response.ok) {
    await response.body?.cancel();
    return [response.status, undefined];
  }
  return [response.status, ((await response.json()) as { code: string }).code];
}

describe.each(requests)('$name', ({ kind, name, request: example }) => {
  const code = kind === 'write' ? 'invalid_write_key' : 'invalid_key';
  const status = name === 'post /analytics' ? 401 : 403;

  it('does nothing without a key, by an unknown or a revoked one', async () => {
    const before = await server.countEvents();
    for (const headers of [
      {},
      { 'X-API-Key': '' },
      { 'X-API-Key': 'ua_admin_x' },
      { Authorization: 'Bearer ' },
      { Authorization: 'Basic !!!' },
      { Authorization: 'Negotiate abc' },
      { 'X-API-Key': keys.revoked },
      { Authorization: `Bearer ${keys.revoked}` },
      // Another's words for who asks open nothing.
      { 'X-Forwarded-For': '127.0.0.1', 'X-Real-IP': '127.0.0.1' },
      { Cookie: `key=${keys.admin}` },
    ]) {
      expect([headers, await refusal(example, headers)]).toEqual([headers, [401, code]]);
    }
    expect(await server.countEvents()).toBe(before);
  });

  it('does nothing by a key of another kind, or from another page than it is for', async () => {
    const before = await server.countEvents();
    const wrong = { write: ['read'], read: ['write'], admin: ['read', 'write'] }[kind] as Kind[];
    for (const other of wrong) {
      expect(await refusal(example, { 'X-API-Key': keys[other] })).toEqual([
        status,
        'wrong_key_kind',
      ]);
    }
    // An admin key is for no page.
    const forPages = { write: [keys.writePages], read: [keys.readPages], admin: [] }[kind];
    for (const pages of forPages.map((key) => ({ 'X-API-Key': key }))) {
      for (const headers of [
        { ...pages, Origin: ELSEWHERE },
        { ...pages, Origin: 'null' },
        { ...pages, Origin: `${SHOP}.evil.example` },
        pages,
      ]) {
        expect(await refusal(example, headers)).toEqual([status, 'origin_not_allowed']);
      }
    }
    expect(await server.countEvents()).toBe(before);
  });

  it('takes an admin key, and one of its own kind', async () => {
    for (const key of [keys.admin, keys[kind]]) {
      const [answered, refused] = await refusal(example, { 'X-API-Key': key });
      expect(refused ?? '').not.toMatch(/^(invalid_|wrong_)|origin|protected/);
      expect(answered).not.toBe(401);
      expect(answered).not.toBe(403);
    }
  });
});
