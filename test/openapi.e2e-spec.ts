import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OpenAPIObject } from '@nestjs/swagger';
import { findProjectRoot } from '../src/project-root.js';
import { startApplication, type TestApplication } from './support/application.js';

interface Schema {
  $ref?: string;
  example?: unknown;
  default?: unknown;
  format?: string;
  enum?: unknown[];
  properties?: Record<string, Schema>;
}

interface Operation {
  parameters?: {
    name: string;
    in: 'path' | 'query';
    required?: boolean;
    example?: unknown;
    schema: Schema;
  }[];
  requestBody?: {
    content: Record<string, { schema: Schema; examples?: Record<string, { value: unknown }> }>;
  };
  responses: Record<string, unknown>;
}

/** The checked-in document; `npm run check` fails when it isn't what the controllers say. */
const document = JSON.parse(
  readFileSync(join(findProjectRoot(), 'openapi.json'), 'utf8'),
) as OpenAPIObject & {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
};

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
);

interface ExampleRequest {
  method: string;
  url: string;
  operation: Operation;
  type: string;
  body?: string;
}

/** One request for each operation, and for each kind of body that it takes; files have no example. */
const requests = operations.flatMap(({ method, path, operation }): ExampleRequest[] => {
  const url = pathOf(path, operation) + queryOf(operation);
  const contents = Object.entries(operation.requestBody?.content ?? {});
  if (contents.length === 0) return [{ method, url, operation, type: '' }];
  const shown = contents.filter(([, { schema }]) => schema.format !== 'binary');
  return shown.flatMap(([type, { schema, examples }]) => {
    const given = examples
      ? Object.values(examples).map(({ value }) => value)
      : [exampleOf(schema)];
    return given.map((value) => ({ method, url, operation, type, body: encode(type, value) }));
  });
});

describe('the OpenAPI document', () => {
  let server: TestApplication;

  beforeAll(async () => {
    server = await startApplication();
    // The merge that examples are about.
    await server.post('/v1/identify', { body: '{"anonymousId":"b-1","userId":"u-81"}' });
  });
  afterAll(() => server.stop());

  it('lists every endpoint', () => {
    expect(operations.map(({ method, path }) => `${method} ${path}`)).toEqual([
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
      'post /analytics/users/import',
      'get /analytics/merges',
      'get /analytics/merges/refused',
      'get /analytics/merges/{id}',
      'delete /analytics/merges/{id}',
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

  it.each(requests)('$method $url $type: its example works', async (request) => {
    const { method, url, type, body, operation } = request;
    const before = await server.countEvents();
    const response = await server.get(url, {
      method: method.toUpperCase(),
      ...(body === undefined ? {} : { body, headers: { 'Content-Type': type } }),
    });
    expect(response.ok).toBe(true);
    expect(Object.keys(operation.responses)).toContain(String(response.status));
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

/** Queries are sent as POST as well. */
function isWriting({ method, url }: ExampleRequest): boolean {
  return (
    method === 'post' &&
    /^\/(analytics(\/batch|\/import|\.js)?(\?|$)|v1\/|batch$|i\/v0\/e$)/.test(url)
  );
}

function pathOf(path: string, { parameters = [] }: Operation): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const parameter = parameters.find((one) => one.in === 'path' && one.name === name);
    return encodeURIComponent(String(parameter?.example ?? parameter?.schema.example));
  });
}

/** What the explorer fills in by itself. An object is a parameter for each of its keys. */
function queryOf({ parameters = [] }: Operation): string {
  const given = parameters
    .filter((parameter) => parameter.in === 'query')
    .map(({ name, example, schema, required }): [string, unknown] => {
      const value = example ?? schema.example ?? schema.default;
      return [name, value ?? (required ? schema.enum?.[0] : undefined)];
    })
    .filter(([, value]) => value !== undefined)
    .flatMap(([name, value]): [string, unknown][] =>
      typeof value === 'object' && value !== null ? Object.entries(value) : [[name, value]],
    )
    .map(([name, value]): [string, string] => [name, String(value)]);
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
}

function exampleOf({ $ref, example, properties = {} }: Schema): unknown {
  if ($ref !== undefined) return exampleOf(document.components.schemas[$ref.split('/').at(-1)!]!);
  if (example !== undefined) return example;
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [name, exampleOf(schema)]),
  );
}

function encode(type: string, value: unknown): string {
  if (typeof value === 'string') return value;
  return type === 'application/x-www-form-urlencoded'
    ? new URLSearchParams(value as Record<string, string>).toString()
    : JSON.stringify(value);
}
