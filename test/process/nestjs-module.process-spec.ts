import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createEmptyDatabase } from '../support/database.js';
import { HostApplication } from '../support/host-application.js';
import { until } from '../support/poll.js';
import { queryAt } from '../support/program.js';

/** The files that the page shows, by the names that stand in their first lines. */
const SHOWN = Object.fromEntries(
  [...readFileSync('docs/nestjs-module.md', 'utf8').matchAll(/```ts\n\/\/ (\S+)\n([^]*?)```/g)].map(
    ([, path, text]) => [path!, text!],
  ),
);

/** Two modules of one application, told apart by their paths. */
const SHOPS = `
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ShopsModule } from './shops.module.js';

const app = await (process.env['FASTIFY'] === '1'
  ? NestFactory.create(ShopsModule, new FastifyAdapter(), { bodyParser: true })
  : NestFactory.create(ShopsModule));
app.enableShutdownHooks();
await app.listen(0, '127.0.0.1');
console.log(\`Listening on \${await app.getUrl()}\`);
`;

/** Begins and ends, again and again, and says what is left then. */
const CLOSING = `
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AnalyticsModule, AnalyticsService } from 'user-analytics';

const database = { url: process.env['DATABASE_URL']!, schema: 'closing' };
const metrics = { metrics: ['events' as const], date_range: 'all' as const };
const quiet = { logger: false as const, abortOnError: false };

async function start(directory: string, isBroken = false): Promise<void> {
  @Module({
    imports: [
      AnalyticsModule.forRoot({ database, spool: { directory, maxBytes: 10_000_000 } }),
    ],
    providers: isBroken ? [{ provide: 'broken', useFactory: () => Promise.reject(new Error('broken')) }] : [],
  })
  class AppModule {}
  const app = await NestFactory.create(AppModule, quiet);
  try {
    await app.listen(0, '127.0.0.1');
    const analytics = app.get(AnalyticsService, { strict: false });
    await analytics.record({ event: 'click', user: 'u' });
    const { totals } = await analytics.query(metrics);
    console.log('events', totals['events']);
    const live = await fetch(\`\${await app.getUrl()}/analytics/live\`);
    console.log('live', live.status);
  } catch (error) {
    console.log('failed', (error as Error).constructor.name);
  } finally {
    await app.close();
  }
}

const isOurs = (name: string) => /Port|Worker|Timeout|Server|Process|Interval/.test(name);
await start('spool-1');
await start('spool-2');
await start('package.json');
console.log('left', process.getActiveResourcesInfo().filter(isOurs).join());
// Nest gives nothing that could be closed: what was opened must not keep the process.
await start('spool-3', true).catch((error: Error) => console.log('failed', error.message));
const wrong = new URL(database.url);
wrong.pathname = '/no_such_database';
database.url = wrong.href;
await start('spool-4').catch((error: Error) => console.log('failed', error.constructor.name));
console.log('Done');
`;

describe('the package in a new application', () => {
  const host = new HostApplication();
  let database: Awaited<ReturnType<typeof createEmptyDatabase>>;
  let files: string[];
  let env: Record<string, string>;

  beforeAll(async () => {
    database = await createEmptyDatabase();
    env = { DATABASE_URL: database.url };
    files = await host.install();
    await host.compile({ ...SHOWN, 'src/main-shops.ts': SHOPS, 'src/closing.ts': CLOSING });
  }, 240_000);
  afterAll(async () => {
    host.clear();
    await database.drop();
  });

  it('holds what it needs, and no more', () => {
    expect(files).toEqual(
      expect.arrayContaining([
        'dist/src/index.d.ts',
        'dist/migrations/index.js',
        'dist/src/dashboard/public/index.html',
        'dist/src/tracker/public/analytics.js',
        'dist/src/query/thread/query.thread.js',
        'dist/src/rollup/fold.thread.js',
      ]),
    );
    const others = files.filter((path) =>
      /^(test|src|scripts|docs\/screenshots)\/|\.spec\.|\.map$/.test(path),
    );
    expect(others).toEqual([]);
  });

  it.each(['main', 'main-fastify'])('works as %s shows it', async (name) => {
    const program = host.start([`dist/${name}.js`], env);
    const url = await program.listening();
    const post = (path: string, body?: object, headers = {}): Promise<Response> =>
      fetch(`${url}/api${path}`, {
        method: 'POST',
        ...(body && { body: JSON.stringify(body) }),
        headers: { 'Content-Type': 'application/json', ...headers },
      });
    const get = async (path: string): Promise<Response> => fetch(`${url}${path}`);

    const event = await post(`/insights/analytics?timestamp=1224567997&user=${name}&event=click`);
    expect([event.status, event.headers.get('X-Analytics-Rejected')]).toEqual([204, null]);
    const hour = await get('/api/insights/analytics?timestamp=1224567999&format=json');
    expect(await hour.json()).toMatchObject({ clicks: expect.any(Number) });
    const call = await post('/insights/v1/track', { userId: name, event: 'call' });
    expect(await call.json()).toEqual({ success: true });
    const batch = await post('/insights/analytics/batch', { events: [{ user: name, event: 'b' }] });
    expect(await batch.json()).toMatchObject({ stored: 1 });

    expect((await post('/orders', { amount: 'much' })).status).toBe(400);
    const order = await post('/orders', { amount: 7 }, { 'X-User': name });
    expect([order.status, await order.json()]).toEqual([201, { id: 1, amount: 7 }]);
    const person = `/api/insights/analytics/users/${name}`;
    await until(async () => (await (await get(person)).text()).includes('"order"'));
    expect(await (await get(person)).json()).toMatchObject({
      counts: { b: 1, call: 1, click: 1, order: 1 },
    });
    expect(await (await get('/api/orders/count')).json()).toMatchObject({
      events: expect.any(Number),
    });

    expect(await (await get('/api/insights/dashboard')).text()).toContain('dashboard.js');
    expect(await (await get('/docs')).text()).toContain('swagger-ui');
    const { paths } = (await (await get('/docs-json')).json()) as { paths: object };
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining(['/api/orders', '/api/insights/analytics/query']),
    );
    const live = await get('/api/insights/analytics/live');
    expect(live.status).toBe(200);
    // The application's end is that of its streams, too.
    await expectEnd(program);
    expect(await live.text()).toContain('retry:');
  });

  it('has two of them side by side, guarded and told apart', async () => {
    await queryAt(database.url, 'CREATE SCHEMA toys');
    const cli = ['node_modules/typeorm/cli.js', 'migration:run', '-d', 'dist/toys.data-source.js'];
    expect(await host.start(cli, env).ended()).toMatchObject({ code: 0 });
    for (const FASTIFY of ['0', '1']) {
      const program = host.start(['dist/main-shops.js'], { ...env, FASTIFY });
      const url = await program.listening();
      const cart = await fetch(`${url}/carts`, {
        method: 'POST',
        headers: { 'X-Session': 'ada' },
      });
      expect([cart.status, await cart.json()]).toEqual([201, { status: 'stored' }]);
      const toy = await fetch(`${url}/toys/analytics?user=bob&event=click`, { method: 'POST' });
      expect(toy.status).toBe(204);
      const person = (path: string, headers = {}): Promise<Response> =>
        fetch(`${url}/${path}`, { headers });
      expect((await person('books/analytics/users/ada')).status).toBe(403);
      expect((await person('books/dashboard')).status).toBe(403);
      const known = { 'X-Password': 'open sesame' };
      const ada = await person('books/analytics/users/ada', known);
      expect([ada.status, await ada.json()]).toMatchObject([200, { counts: {} }]);
      const event = await fetch(`${url}/books/analytics?user=eve&event=click`, { method: 'POST' });
      expect([event.status, event.headers.get('X-Analytics-Rejected')]).toEqual([204, null]);
      expect((await person('toys/analytics/users/bob')).status).toBe(200);
      expect((await person('toys/analytics/users/ada')).status).toBe(404);
      expect((await person('toys/dashboard')).status).toBe(404);
      await expectEnd(program);
    }
  }, 120_000);

  it('works without HTTP, and ends by itself', async () => {
    const { code, output } = await host.start(['dist/report.js'], env).ended();
    expect(output).toContain('stored duplicate rejected\n');
    expect(output).toMatch(/\d click, \d user\n/);
    expect(code).toBe(0);
  });

  it('leaves nothing behind, however it ended, twice in one process', async () => {
    const { code, output } = await host.start(['dist/closing.js'], env).ended();
    expect(output.trim().split('\n')).toEqual([
      'events 1',
      'live 200',
      'events 2',
      'live 200',
      'failed SpoolFolderError',
      'left ',
      'failed broken',
      'failed DatabaseError',
      'Done',
    ]);
    expect(code).toBe(0);
  });
});

/** In order, and soon. */
async function expectEnd(program: { stop(): Promise<{ code: number | null }> }): Promise<void> {
  const begun = performance.now();
  await program.stop();
  expect(performance.now() - begun).toBeLessThan(15_000);
}
