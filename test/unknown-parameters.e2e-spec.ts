import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApplication, type TestApplication } from './support/application.js';
import { endpoints, examplesOf, isWriting, sendExample } from './support/endpoints.js';
import { makeKey } from './support/keys.js';

/** Proxies, SDKs, monitors and caches add parameters of their own to these. */
const LENIENT = [
  'get /analytics',
  'get /analytics.js',
  'get /health/live',
  'get /health/ready',
  'get /metrics',
];
const takesAny = (method: string, path: string) => LENIENT.includes(`${method} ${path}`);
const NAMES = ['limits', '__proto__', 'constructor[prototype][limit]', 'x'.repeat(500)];
const cases = endpoints
  .map((endpoint) => examplesOf(endpoint)[0])
  .filter((request) => request !== undefined)
  .flatMap((request) => NAMES.map((name) => ({ request, name })));
const isLenient = ({ request }: (typeof cases)[number]) =>
  takesAny(request.method, request.path) ||
  (isWriting(request) && request.path !== '/analytics/import');

describe('a parameter that nobody knows', () => {
  let server: TestApplication;
  let headers: Record<string, string>;

  beforeAll(async () => {
    server = await startApplication();
    const body = '{"anonymousId":"b-1","userId":"u-81"}';
    await server.post('/v1/identify', { body });
    headers = { 'X-API-Key': (await makeKey(server, { kind: 'admin' })).secret };
  });
  afterAll(() => server.stop());

  const send = async ({ request, name }: (typeof cases)[number]): Promise<Response> => {
    const separator = request.url.includes('?') ? '&' : '?';
    const url = `${request.url}${separator}${encodeURIComponent(name)}=1`;
    return sendExample(server.base, { ...request, url }, headers);
  };

  it.each(cases.filter((one) => !isLenient(one)))(
    '$request.method $request.path refuses $name',
    async (one) => {
      const response = await send(one);
      expect(response.status).toBe(400);
      const { code, message } = (await response.json()) as { code: string; message: string };
      expect(['invalid_parameter', 'invalid_query']).toContain(code);
      expect(message).toContain(one.name.slice(0, 100));
    },
  );

  it.each(cases.filter(isLenient))(
    '$request.method $request.path leaves $name alone',
    async (one) => {
      const response = await send(one);
      expect(response.ok).toBe(true);
      expect(response.headers.get('X-Analytics-Rejected')).toBeNull();
      await response.body?.cancel();
    },
  );
});
