import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { trace } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { register as globalRegistry } from 'prom-client';
import { findProjectRoot } from '../src/project-root.js';
import { startApplication, type TestApplication } from './support/application.js';
import { bringDatabaseBack, takeDatabaseAway } from './support/database.js';
import { Metrics } from './support/metrics.js';
import { until } from './support/poll.js';

const VALID = '/analytics?timestamp=1224567997&user=3&event=click';
const DASHBOARD = 'docker/grafana/dashboards/user-analytics.json';

function sendBatch(server: TestApplication, events: object[]): Promise<Response> {
  return server.post('/analytics/batch', {
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(events),
  });
}

function event(id: string, fields: object = {}): object {
  return { timestamp: 1_224_567_997, user: 'u-1', event: 'signup', id, ...fields };
}

describe('the figures', () => {
  let server: TestApplication;
  let read: () => Promise<Metrics>;

  beforeAll(async () => {
    server = await startApplication();
    read = () => Metrics.of(server.base);
  });
  afterAll(() => server.stop());

  it('are in the format of Prometheus, and of the process, too', async () => {
    const response = await server.get('/metrics');
    expect(response.headers.get('Content-Type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const { names } = new Metrics(await response.text());
    for (const name of ['process_cpu_seconds_total', 'nodejs_eventloop_lag_p99_seconds']) {
      expect(names).toContain(name);
    }
  });

  it('of events are what was sent: stored, duplicate, and rejected by reason', async () => {
    const three = ['a', 'b', 'c'].map((id) => event(id));
    await sendBatch(server, three);
    await sendBatch(server, three);
    await sendBatch(server, [event('d'), event('a')]);
    await sendBatch(server, [event('e', { user: '' }), event('f', { timestamp: 'x' }), event('g')]);
    await sendBatch(server, [event('h', { timestamp: 'y' }), event('i', { colour: 'red' })]);
    await server.post('/analytics?user=3&event=purchase');
    await server.post(VALID);
    await server.post('/v1/track', { body: '{"userId":"u","event":"e","type":"track"}' });
    const metrics = await read();
    expect(await server.countEvents()).toBe(7);
    expect(metrics.sum('events_stored_total')).toBe(7);
    expect(metrics.sum('events_duplicate_total')).toBe(4);
    const reasons = Object.fromEntries(
      metrics
        .labelValues('reason')
        .map((reason) => [reason, metrics.sum('events_rejected_total', { reason })]),
    );
    expect(reasons).toEqual({
      invalid_user: 1,
      invalid_timestamp: 2,
      unknown_field: 1,
      unknown_event: 1,
    });
    expect(metrics.sum('events_rejected_total')).toBe(5);
    expect(metrics.sum('events_spooled_total')).toBe(0);
    // Each request was a transaction of its own: 3, 3, 2, 1, 1 and 1 events.
    expect(metrics.sum('commit_events_count')).toBe(6);
    expect(metrics.sum('commit_events_sum')).toBe(11);
    expect(metrics.sum('commit_duration_seconds_count')).toBe(6);
    expect(metrics.sum('queue_events')).toBe(0);
  });

  it('of requests are by route, whose labels nobody who asks can choose', async () => {
    await server.get('/analytics/users/somebody-1?limit=2');
    await server.get('/analytics/users/somebody-2');
    await server.get('/nowhere/somebody-3');
    await server.get('/nowhere/somebody-4', { method: 'OPTIONS' });
    await answerOf('PROPFIND', '/analytics/users/somebody-5');
    await server.get('/analytics?timestamp=no');
    const metrics = await read();
    const count = (labels: Record<string, string>) =>
      metrics.sum('http_request_duration_seconds_count', labels);
    expect(count({ method: 'GET', route: '/analytics/users/:id', status: '404' })).toBe(2);
    expect(count({ route: 'unmatched', status: '404' })).toBe(3);
    expect(count({ method: 'other' })).toBe(1);
    expect(count({ method: 'GET', route: '/analytics', status: '400' })).toBe(1);
    expect(count({ method: 'POST', route: '/analytics/batch', status: '200' })).toBe(5);
    expect(count({ method: 'POST', route: '/v1/track' })).toBe(1);
    expect(metrics.text).not.toContain('somebody');
    const buckets = { method: 'POST', route: '/analytics/batch', le: '+Inf' };
    expect(metrics.sum('http_request_duration_seconds_bucket', buckets)).toBe(5);
    expect(metrics.sum('query_duration_seconds_count', { kind: 'user' })).toBe(2);
  });

  it('of rollups tell what was folded, and that nothing waits', async () => {
    await until(async () => {
      const metrics = await read();
      return (
        metrics.sum('rollup_folded_deltas_total') > 0 && metrics.sum('rollup_waiting_deltas') === 0
      );
    });
    const metrics = await read();
    expect(metrics.sum('rollup_lag_seconds')).toBe(0);
    expect(metrics.sum('rollup_fold_duration_seconds_count')).toBeGreaterThan(0);
  });

  it('of the pool are its own', async () => {
    const metrics = await read();
    expect(metrics.sum('database_pool_connections')).toBeGreaterThan(0);
    expect(metrics.sum('database_pool_connections')).toBeLessThanOrEqual(10);
    expect(metrics.sum('database_pool_waiting')).toBe(0);
  });

  it('go on while the database is away, and tell of the spool', async () => {
    const before = await read();
    expect(before.sum('database_available')).toBe(1);
    expect(before.sum('spool_takes_events')).toBe(1);
    await takeDatabaseAway(server.databaseUrl);
    await sendBatch(server, [event('s-1'), event('s-2'), event('s-2')]);
    const away = await read();
    expect(away.sum('database_available')).toBe(0);
    expect(away.sum('events_spooled_total')).toBe(3);
    expect(away.sum('spool_events')).toBe(3);
    expect(away.sum('spool_bytes')).toBeGreaterThan(100);
    expect(away.sum('events_stored_total')).toBe(before.sum('events_stored_total'));
    await bringDatabaseBack(server.databaseUrl);
    await until(async () => (await read()).sum('spool_events') === 0);
    await until(async () => (await read()).sum('database_available') === 1);
    const back = await read();
    expect(back.sum('database_available')).toBe(1);
    expect(back.sum('events_stored_total')).toBe(before.sum('events_stored_total') + 2);
    expect(back.sum('events_duplicate_total')).toBe(before.sum('events_duplicate_total') + 1);
  });

  it('have every name that the dashboard asks for', async () => {
    const text = readFileSync(join(findProjectRoot(), DASHBOARD), 'utf8');
    const { panels } = JSON.parse(text) as { panels: { targets?: { expr: string }[] }[] };
    const queries = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    const asked = new Set(
      queries.flatMap((expr) => expr.match(/\b(user_analytics|process|nodejs)_\w+/g) ?? []),
    );
    expect(asked.size).toBeGreaterThan(20);
    const { names } = await read();
    expect([...asked].filter((name) => !names.has(name))).toEqual([]);
    // And nothing that is counted is left out of it.
    const own = new Set(
      [...names].filter((name) => name.startsWith('user_analytics')).map(withoutSuffix),
    );
    const shown = new Set([...asked].map(withoutSuffix));
    expect([...own].filter((name) => !shown.has(name))).toEqual([]);
  });

  it('leave the registry of whoever else counts in the process alone', async () => {
    const other = await startApplication();
    await other.post(VALID);
    expect((await Metrics.of(other.base)).sum('events_stored_total')).toBe(1);
    expect((await read()).sum('events_stored_total')).toBeGreaterThan(1);
    expect(globalRegistry.getMetricsAsArray()).toEqual([]);
    await other.stop();
  });

  async function answerOf(method: string, path: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      request(server.base + path, { method, agent: false }, (answer) => {
        answer.resume().on('end', resolve);
      })
        .on('error', reject)
        .end();
    });
  }
});

describe('requests', () => {
  let server: TestApplication;

  beforeAll(async () => {
    server = await startApplication();
  });
  afterAll(() => server.stop());

  it.each(['8c9d2f1e-3b60-4b51-9d8e-0f5a3c7d6e21', '01JDK3ZQ8N5T7V9XB2C4D6F8GH'])(
    'keep the number that they bring: %s',
    async (id) => {
      const answer = await server.post(VALID, { headers: { 'X-Request-Id': id } });
      expect(answer.headers.get('X-Request-Id')).toBe(id);
    },
  );

  it.each(['', 'short', 'ada.lovelace@example.com', 'a'.repeat(65), '0123456789 abcdef', 'u-81'])(
    'get one in the place of what is none: %j',
    async (id) => {
      const answer = await server.get('/health/live', { headers: { 'X-Request-Id': id } });
      expect(answer.headers.get('X-Request-Id')).toMatch(
        /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/,
      );
    },
  );

  it('have it on every answer, those of no route, too', async () => {
    const numbers = new Set<string | null>();
    for (const path of ['/nowhere', '/dashboard', '/analytics.js', '/docs-json', '/metrics']) {
      numbers.add((await server.get(path)).headers.get('X-Request-Id'));
    }
    expect(numbers.size).toBe(5);
    expect(numbers).not.toContain(null);
  });
});

describe('with an OpenTelemetry SDK', () => {
  const exporter = new InMemorySpanExporter();
  let server: TestApplication;

  beforeAll(async () => {
    const spanProcessors = [new SimpleSpanProcessor(exporter)];
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors }));
    server = await startApplication();
  });
  afterAll(async () => {
    await server.stop();
    trace.disable();
  });

  it('commits, queries and folds are spans, with times and counts, of nobody', async () => {
    await sendBatch(server, [event('o-1', { user: 'somebody' }), event('o-2'), event('o-2')]);
    await server.get('/analytics/users/somebody');
    const named = (name: string) =>
      exporter.getFinishedSpans().filter((span) => span.name === name);
    await until(() => named('analytics.fold').length > 0);
    expect(named('analytics.commit').map(({ attributes }) => attributes)).toEqual([
      { 'analytics.events': 3, 'analytics.stored': 2, 'analytics.duplicates': 1 },
    ]);
    expect(named('analytics.query')[0]!.attributes).toEqual({
      'analytics.query.kind': 'user',
      'analytics.query.outcome': 'answered',
    });
    expect(named('analytics.fold')[0]!.attributes).toMatchObject({ 'analytics.deltas': 1 });
    for (const { startTime, duration } of exporter.getFinishedSpans()) {
      expect(Math.abs(startTime[0] - performance.timeOrigin / 1_000)).toBeLessThan(600);
      expect(duration[0] * 1_000 + duration[1] / 1e6).toBeGreaterThan(0);
      expect(duration[0]).toBeLessThan(60);
    }
    const all = exporter.getFinishedSpans().map(({ name, attributes }) => ({ name, attributes }));
    expect(JSON.stringify(all)).not.toContain('somebody');
  });
});

function withoutSuffix(name: string): string {
  return name.replace(/_(bucket|sum|count)$/, '');
}
