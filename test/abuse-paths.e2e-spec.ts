import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findProjectRoot } from '../src/project-root.js';
import { startApplication, type TestApplication } from './support/application.js';
import { exchange, rawGetOf } from './support/raw-exchange.js';

/** Where files are served from. */
const ROOTS = ['/dashboard', '/docs', '/analytics.js', ''];
const WAYS_OUT = [
  '/../package.json',
  '/../../package.json',
  '/../../../../../../../../etc/passwd',
  '/%2e%2e/%2e%2e/package.json',
  '/..%2f..%2fpackage.json',
  '/..%2f..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd',
  '/..\\..\\package.json',
  '/..%5c..%5cpackage.json',
  '/%252e%252e%252fpackage.json',
  '/....//....//package.json',
  '/.%2e/.%2e/package.json',
  '/%c0%ae%c0%ae/%c0%ae%c0%ae/package.json',
  '/%uff0e%uff0e/package.json',
  '/%00/../package.json',
  '/package.json%00.css',
  '/;/../package.json',
  '//etc/passwd',
  '/%2fetc/passwd',
  '/.git/config',
  '/.env',
  '/data/database-url',
  '/dist/src/main.js',
  '/node_modules/pg/package.json',
];
const TARGETS = [
  ...ROOTS.flatMap((root) => WAYS_OUT.map((way) => root + way)),
  'http://elsewhere.example/dashboard/../../package.json',
  'http://elsewhere.example/../package.json',
  'file:///etc/passwd',
  '//elsewhere.example/../package.json',
  '/docs/package.json',
  '/DOCS/package.json',
  '/docs//package.json',
  '/docs/%70ackage.json',
  '/docs/index.html',
  '/docs/README.md',
  '/docs/swagger-ui-bundle.js.map',
  '/docs/absolute-path.js',
];

describe('files that are no part of what browsers get', () => {
  let server: TestApplication;
  const secrets = [
    '"devDependencies"',
    readFileSync(join(findProjectRoot(), '.npmrc'), 'utf8').split('\n')[0]!,
    'root:x:',
    '[core]',
    'postgres://',
    '"version"',
    'petstore',
  ];

  beforeAll(async () => {
    server = await startApplication();
  });
  afterAll(() => server.stop());

  it.each(TARGETS)('%s', async (target) => {
    const { status, body } = await exchange(server.base, rawGetOf(target));
    expect([400, 404]).toContain(status);
    for (const secret of secrets) expect(body).not.toContain(secret);
    // Nothing tells where the program lies, or of what it is made.
    expect(body).not.toContain(findProjectRoot());
    expect(body).not.toMatch(/at \w+.*:\d+:\d+|Express/);
  });

  it.each(['/dashboard', '/dashboard/dashboard.js', '/docs', '/analytics.js'])(
    'while %s is there, which takes nothing by a request that only looks like it',
    async (path) => {
      expect((await exchange(server.base, rawGetOf(path))).status).toBe(200);
      for (const spoiled of [`${path}%00`, `${path}%0d%0aSet-Cookie:x`, `${path}\\..\\x`]) {
        const { status, headers } = await exchange(server.base, rawGetOf(spoiled));
        expect([400, 404]).toContain(status);
        expect(headers.join('\n')).not.toMatch(/set-cookie/i);
      }
    },
  );
});

describe('a path that nothing answers', () => {
  let server: TestApplication;

  beforeAll(async () => {
    server = await startApplication();
  });
  afterAll(() => server.stop());

  it.each([
    ['/analytics/users/%ZZ', 400, 'invalid_request'],
    ['/analytics/users/%c0%af', 400, 'invalid_request'],
    ['/analytics/merges/%', 400, 'invalid_request'],
    ['/analytics/userz', 404, 'not_found'],
    ['/dashboard/none.js', 404, 'not_found'],
    ['/%', 404, 'not_found'],
  ])('%s is told in the form of all errors', async (path, status, code) => {
    const answer = await exchange(server.base, rawGetOf(path));
    expect(answer.status).toBe(status);
    const error = JSON.parse(answer.body) as Record<string, unknown>;
    expect(Object.keys(error).toSorted()).toEqual(['code', 'message', 'statusCode']);
    expect(error).toMatchObject({ statusCode: status, code });
    expect(answer.headers).toContain('Content-Type: application/json; charset=utf-8');
  });

  it.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND', 'PURGE'])(
    '%s of it repeats nothing that a browser would run',
    async (method) => {
      const target = '/<script>alert(1)</script>';
      const text = rawGetOf(target).replace('GET', method);
      const answer = await exchange(server.base, text);
      expect(answer.status).toBe(404);
      expect(answer.headers.join('\n')).toMatch(/content-type: application\/json/i);
    },
  );
});
