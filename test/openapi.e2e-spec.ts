import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OpenAPIObject } from '@nestjs/swagger';
import { makeKey } from './support/keys.js';
import { startApplication, type TestApplication } from './support/application.js';
import { document, endpoints, examplesOf, isWriting, sendExample } from './support/endpoints.js';

const requests = endpoints.flatMap(examplesOf);

describe('the OpenAPI document', () => {
  let server: TestApplication;
  let key: string;

  beforeAll(async () => {
    server = await startApplication({ access: { open: true } });
    // The key that examples are about, and the one that they come by.
    await makeKey(server, { kind: 'read' });
    ({ secret: key } = await makeKey(server, { kind: 'admin' }));
    // The merge that examples are about.
    await server.post('/v1/identify', { body: '{"anonymousId":"b-1","userId":"u-81"}' });
    // The user who is erased.
    await server.post('/v1/identify', { body: '{"userId":"u-90"}' });
  });
  afterAll(() => server.stop());

  it('lists every endpoint', () => {
    expect(endpoints.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'post /analytics/batch',
      'post /analytics/import',
      ...['track', 'identify', 'page', 'screen', 'alias', 'group', 'batch', 'import'].map(
        (call) => `post /v1/${call}`,
      ),
      'post /batch',
      'post /i/v0/e',
      'post /analytics/query',
      'get /analytics/query',
      'post /analytics/funnel',
      'post /analytics/retention',
      'get /analytics/events',
      'get /analytics/export',
      'get /analytics/live',
      'get /analytics/users',
      'get /analytics/users/{id}',
      'put /analytics/users/{id}',
      'delete /analytics/users/{id}',
      'post /analytics/users/import',
      'get /analytics/users/{id}/export',
      'get /analytics/merges',
      'get /analytics/merges/refused',
      'get /analytics/merges/{id}',
      'delete /analytics/merges/{id}',
      'get /analytics/keys',
      'post /analytics/keys',
      'post /analytics/keys/{id}/rotate',
      'delete /analytics/keys/{id}',
      'get /analytics/audit',
      'post /analytics',
      'get /analytics',
      'get /analytics/rejections',
      'get /analytics.js',
      'post /analytics.js',
      'get /health/live',
      'get /health/ready',
      'get /metrics',
    ]);
  });

  it('refers to nothing that it lacks', () => {
    const references = JSON.stringify(document).match(/#\/components\/schemas\/\w+/g)!;
    const schemas = Object.keys(document.components.schemas);
    expect(schemas).toEqual(expect.arrayContaining(references.map((one) => one.split('/')[3])));
  });

  it.each(requests)('$method $url $type: its example works', async (request) => {
    const before = await server.countEvents();
    const response = await sendExample(server.base, request, { 'X-API-Key': key });
    expect(response.ok).toBe(true);
    expect(Object.keys(request.operation.responses)).toContain(String(response.status));
    expect(response.headers.get('X-Analytics-Rejected')).toBeNull();
    // One of them has no end.
    await response.body?.cancel();
    const stored = (await server.countEvents()) - before;
    expect(stored > 0).toBe(isWriting(request));
    await server.dataSource.query('TRUNCATE events');
  });

  it('is served, and shown by the explorer', async () => {
    const served = await server.get('/docs-json');
    const { paths } = (await served.json()) as OpenAPIObject;
    expect(Object.keys(paths)).toEqual(Object.keys(document.paths));
    const page = await server.get('/docs');
    expect(page.headers.get('Content-Type')).toContain('text/html');
    expect(await page.text()).toContain('swagger-ui');
    for (const asset of ['swagger-ui-bundle.js', 'swagger-ui-init.js', 'swagger-ui.css']) {
      expect((await server.get(`/docs/${asset}`)).status).toBe(200);
    }
  });
});
