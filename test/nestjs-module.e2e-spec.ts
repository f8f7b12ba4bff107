import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, Post, Req, ValidationPipe, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { INestApplication } from '@nestjs/common';
import { AnalyticsModule, AnalyticsService, InjectAnalytics, Track } from '../src/index.js';
import { createEmptyDatabase } from './support/database.js';
import { until } from './support/poll.js';

const ADAPTERS = {
  Express: () => new ExpressAdapter(),
  Fastify: () => new FastifyAdapter({ routerOptions: { ignoreTrailingSlash: true } }),
};
const EVENTS = [
  { timestamp: 1_224_567_997, user: '3', event: 'click', id: 'c-1' },
  { timestamp: 1_224_567_998, user: '4', event: 'impression', properties: { page: '/' } },
];
const HOUR = '/analytics?timestamp=1224567999';

describe.each(Object.keys(ADAPTERS) as (keyof typeof ADAPTERS)[])(
  'two modules under %s',
  (name) => {
    let database: Awaited<ReturnType<typeof createEmptyDatabase>>;
    let app: INestApplication;
    let base: string;

    beforeAll(async () => {
      database = await createEmptyDatabase();
      app = await NestFactory.create(hostOf(database.url), ADAPTERS[name](), {
        logger: false,
        abortOnError: false,
      });
      app.setGlobalPrefix('api');
      app.useGlobalPipes(
        new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transform: true }),
      );
      await app.listen(0, '127.0.0.1');
      base = `${await app.getUrl()}/api`;
    });
    afterAll(async () => {
      await app.close();
      await database.drop();
    });

    const send = (path: string, body: unknown, type = 'application/json'): Promise<Response> =>
      fetch(base + path, {
        method: 'POST',
        headers: { 'Content-Type': type },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      });
    const text = async (path: string, init?: RequestInit): Promise<string> =>
      (await fetch(base + path, init)).text();

    it('takes the original events, and answers 204', async () => {
      const [event] = EVENTS;
      const answers = [
        await send('/shop/analytics?timestamp=1224567997&user=3&event=click', '', 'text/plain'),
        await send('/shop/analytics', { ...event, user: '4', event: 'impression' }),
        await send('/shop/analytics?event=purchase&user=3', '', 'text/plain'),
      ];
      expect(answers.map(({ status }) => status)).toEqual([204, 204, 204]);
      expect(
        answers.map(({ headers }) => headers.get('X-Analytics-Rejected')?.split(';')[0]),
      ).toEqual([undefined, undefined, 'unknown_event']);
      expect(await text(`/shop${HOUR}`)).toBe('unique_users,2\nclicks,1\nimpressions,1\n');
    });

    it('keeps each to its own tables', async () => {
      expect(await text(`/site/eu${HOUR}`)).toBe('unique_users,0\nclicks,0\nimpressions,0\n');
    });

    it('takes batches and streams', async () => {
      const batch = await send('/site/eu/analytics/batch', { events: EVENTS });
      expect([batch.status, await batch.json()]).toMatchObject([200, { stored: 2 }]);
      const lines = EVENTS.map((event) => JSON.stringify({ ...event, id: 's-1' })).join('\n');
      const stream = await send('/site/eu/analytics/batch', lines, 'application/x-ndjson');
      expect([stream.status, await stream.json()]).toMatchObject([200, { stored: 2 }]);
      const large = {
        events: Array.from({ length: 1_500 }, (_, id) => ({ ...EVENTS[1], id: `${id}` })),
      };
      const answer = await send('/site/eu/analytics/batch', large, 'application/x-large+json');
      expect(answer.status).toBe(415);
    });

    it('takes files, calls of Segment and PostHog, and profiles', async () => {
      const file = await send(
        '/shop/analytics/import',
        'timestamp,user,event\n1224567000,9,buy\n',
        'text/csv',
      );
      expect([file.status, await file.json()]).toMatchObject([200, { stored: 1 }]);
      const call = await send('/shop/v1/track', { userId: 'u-1', event: 'signup' });
      expect([call.status, await call.json()]).toEqual([200, { success: true }]);
      const ours = {
        batch: [{ event: 'signup', distinct_id: 'u-1', uuid: crypto.randomUUID() }],
        api_key: 'k',
      };
      expect((await send('/shop/batch/', ours)).status).toBe(200);
      const put = await fetch(`${base}/shop/analytics/users/u-1`, {
        method: 'PUT',
        headers: { 'Content-Type': 'application/json' },
        body: '{"traits":{"plan":"pro"}}',
      });
      expect([put.status, await put.json()]).toMatchObject([200, { traits: { plan: 'pro' } }]);
      const people = await send(
        '/shop/analytics/users/import',
        '{"user":"u-2","traits":{"plan":"free"}}\n',
        'application/x-ndjson',
      );
      expect(people.status).toBe(200);
    });

    it('answers queries, exports, people, and what is live', async () => {
      const query = { metrics: ['events'], date_range: [1_224_500_000, 1_224_600_000] };
      const answer = await send('/site/eu/analytics/query', query);
      expect([answer.status, await answer.json()]).toMatchObject([200, { totals: { events: 4 } }]);
      const wrong = await send('/site/eu/analytics/query', { metrics: ['users'] });
      expect([wrong.status, await wrong.json()]).toMatchObject([400, { code: 'invalid_query' }]);
      const csv = await text('/site/eu/analytics/export?format=csv', {});
      expect(csv.trim().split('\n')).toHaveLength(5);
      expect(JSON.parse(await text('/shop/analytics/users/u-1'))).toMatchObject({
        traits: { plan: 'pro' },
      });
      const live = new AbortController();
      const watched = await fetch(`${base}/shop/analytics/live`, { signal: live.signal });
      expect(watched.headers.get('Content-Type')).toBe('text/event-stream');
      live.abort();
    });

    it('has the dashboard and the tracker by the prefix, and only where they are on', async () => {
      expect(await text('/shop/dashboard')).toContain('dashboard/dashboard.js');
      expect(await text('/shop/dashboard/dashboard.js')).toContain('analytics');
      const script = await fetch(`${base}/shop/analytics.js`);
      expect([script.status, script.headers.get('Access-Control-Allow-Origin')]).toEqual([
        200,
        '*',
      ]);
      for (const path of ['/site/eu/dashboard', '/site/eu/analytics.js']) {
        expect((await fetch(base + path)).status).toBe(404);
      }
      expect((await send('/site/eu/v1/track', {})).status).toBe(404);
    });

    it('asks no page of another site before it takes events', async () => {
      const answer = await fetch(`${base}/shop/analytics`, {
        method: 'OPTIONS',
        headers: { Origin: 'https://example.com', 'Access-Control-Request-Method': 'POST' },
      });
      expect([answer.status, answer.headers.get('Access-Control-Allow-Origin')]).toEqual([
        204,
        '*',
      ]);
    });

    it('leaves the application its own', async () => {
      const answer = await send('/orders', { any: 1 });
      expect([answer.status, await answer.json()]).toEqual([201, { got: { any: 1 } }]);
      const broken = await fetch(`${base}/orders/broken`);
      expect([broken.status, await broken.json()]).toMatchObject([500, { statusCode: 500 }]);
      const paths = Object.keys(
        SwaggerModule.createDocument(app, new DocumentBuilder().setTitle('Host').build()).paths,
      );
      expect(paths).toEqual(expect.arrayContaining(['/api/orders', '/api/shop/analytics']));
      expect(paths).not.toContain('/api/site/eu/analytics');
    });

    it('tracks what handlers do', async () => {
      await send('/orders', { any: 2 });
      const shop = app.get(AnalyticsService, { strict: false });
      expect(shop).toBeDefined();
      await until(async () => (await text('/shop/analytics/users/buyer')).includes('"order"'));
      expect(JSON.parse(await text('/shop/analytics/users/buyer'))).toMatchObject({
        counts: { order: 2 },
        recent: [{ properties: { got: { any: 2 } } }, {}],
      });
    });
  },
);

function hostOf(url: string): Type {
  @Controller('orders')
  class OrdersController {
    constructor(@InjectAnalytics('shop') readonly analytics: AnalyticsService) {}

    @Post()
    @Track('order', {
      user: () => 'buyer',
      properties: (_context, result) => result as Record<string, unknown>,
      analytics: 'shop',
    })
    order(@Req() request: { body: unknown }): { got: unknown } {
      return { got: request.body };
    }

    @Get('broken')
    @Track('broken', { user: () => 'buyer', analytics: 'shop' })
    broken(): never {
      throw new Error('broken');
    }
  }

  @Module({
    imports: [
      AnalyticsModule.forRoot({
        path: 'shop',
        name: 'shop',
        isGlobal: true,
        database: { url, schema: 'shop' },
      }),
      AnalyticsModule.forRootAsync({
        path: '/site/eu/',
        dashboard: false,
        tracker: false,
        segment: false,
        posthog: false,
        openapi: false,
        useFactory: () => ({ database: { url, schema: 'site' } }),
      }),
    ],
    controllers: [OrdersController],
  })
  class HostModule {}
  return HostModule;
}
