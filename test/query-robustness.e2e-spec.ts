import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { QueryOptions } from '../src/query/query-threads.js';
import { Analyst } from './support/analyst.js';
import { administer } from './support/database.js';
import { until } from './support/poll.js';

const QUERY = { metrics: ['events', 'unique_users'], date_range: 'all' };
const limits = (options: Partial<QueryOptions>): QueryOptions =>
  Object.assign(new QueryOptions(), options);

/** What the server's queries do in the database for now. */
async function statements(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ query: string }>(
    `SELECT query FROM pg_stat_activity WHERE datname = current_database()
       AND state = 'active' AND pid <> pg_backend_pid() AND query LIKE '%rollups%'`,
  );
  return rows.map(({ query }) => query);
}

describe('queries that take long', () => {
  let analyst: Analyst;
  let blocker: Client;
  beforeAll(async () => {
    analyst = await Analyst.start({ query: limits({ timeoutMs: 800 }) });
    await analyst.record([{ time: '2026-03-01T10:00:00Z', user: 'a' }]);
    await analyst.fold();
    blocker = new Client(analyst.server.databaseUrl);
    await blocker.connect();
  });
  afterEach(() => blocker.query('ROLLBACK'));
  afterAll(async () => {
    await blocker.end();
    await analyst.stop();
  });

  const block = async (table: string): Promise<void> => {
    await blocker.query('BEGIN');
    await blocker.query(`LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
  };
  const ok = async (): Promise<void> =>
    expect((await analyst.ask(QUERY)).results).toEqual([{ events: 1, unique_users: 1 }]);

  it.each(['rollups', 'horizon', 'events'])('gives up a wait for %s in time', async (table) => {
    await block(table);
    const refusals = Array.from({ length: 6 }, async () => {
      const response = await analyst.post('query', QUERY);
      expect(response.status).toBe(503);
      expect(response.headers.get('Retry-After')).toBe('2');
      expect(await response.json()).toMatchObject({ code: 'query_timeout' });
    });
    await Promise.all(refusals);
    expect((await analyst.server.get('/analytics?timestamp=0')).status).toBe(503);
    expect((await analyst.server.get('/analytics/events')).status).toBe(503);
    await blocker.query('ROLLBACK');
    // Each connection was used.
    await Promise.all(Array.from({ length: 8 }, ok));
  });

  it('ends the statement in the database when its client goes away', async () => {
    await block('rollups');
    for (const path of ['query', 'retention']) {
      const away = new AbortController();
      const body = path === 'query' ? QUERY : { period: 'day', date_range: 'all' };
      const asked = analyst.server
        .post(`/analytics/${path}`, { body: JSON.stringify(body), signal: away.signal })
        .catch(() => 'gone');
      await until(async () => (await statements(analyst.client)).length > 0);
      away.abort();
      expect(await asked).toBe('gone');
      const begun = performance.now();
      await until(async () => (await statements(analyst.client)).length === 0);
      // Long before its own time was up, which would end it, too.
      expect(performance.now() - begun).toBeLessThan(500);
    }
    await blocker.query('ROLLBACK');
    await Promise.all(Array.from({ length: 8 }, ok));
  });

  it('lives on when its connections are ended in the middle', async () => {
    await block('rollups');
    const asked = Array.from({ length: 4 }, () => analyst.post('query', QUERY));
    await until(async () => (await statements(analyst.client)).length > 0);
    await blocker.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND pid NOT IN (pg_backend_pid(), $1)`,
      [(analyst.client as Client & { processID: number }).processID],
    );
    for (const response of await Promise.all(asked)) expect(response.status).toBe(503);
    await blocker.query('ROLLBACK');
    await until(async () => (await analyst.post('query', QUERY)).status === 200);
    await ok();
  });

  it('answers many at once', async () => {
    const asked = await Promise.all(Array.from({ length: 50 }, () => analyst.ask(QUERY)));
    for (const { totals } of asked) expect(totals).toEqual({ events: 1, unique_users: 1 });
  });

  it('refuses to queue more than it can remember', async () => {
    await block('rollups');
    let refused = 0;
    const asked = Array.from({ length: 300 }, async () => {
      const response = await analyst.post('query', QUERY);
      const { code } = (await response.json()) as { code?: string };
      if (code === 'too_many_queries') refused += 1;
      return response.status;
    });
    await until(() => refused > 0);
    await blocker.query('ROLLBACK');
    const statuses = await Promise.all(asked);
    expect(new Set(statuses)).toEqual(new Set([200, 503]));
    await ok();
  });
});

describe('a server that is stopped while queries run', () => {
  it('ends promptly, and so do its statements', async () => {
    const analyst = await Analyst.start();
    await analyst.record([{ time: '2026-03-01T10:00:00Z', user: 'a' }]);
    await analyst.fold();
    const blocker = new Client(analyst.server.databaseUrl);
    await blocker.connect();
    await blocker.query('BEGIN; LOCK TABLE rollups IN ACCESS EXCLUSIVE MODE');
    const asked = analyst.post('query', QUERY).then(({ status }) => status);
    await until(async () => (await statements(analyst.client)).length > 0);
    const begun = performance.now();
    const closed = analyst.server.app.close();
    expect(await asked).toBe(503);
    const http: Server = analyst.server.app.getHttpServer();
    http.closeAllConnections();
    await closed;
    expect(performance.now() - begun).toBeLessThan(3_000);
    await until(async () => (await statements(analyst.client)).length === 0, 2_000);
    await blocker.end();
    await analyst.stop();
  });
});

describe('while the database is away', () => {
  it('answers 503 with Retry-After, and figures again when it is back', async () => {
    const analyst = await Analyst.start();
    await analyst.record([{ time: '2026-03-01T10:00:00Z', user: 'a' }]);
    expect((await analyst.ask(QUERY)).totals).toMatchObject({ events: 1 });
    const name = new URL(analyst.server.databaseUrl).pathname.slice(1);
    await administer(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    await analyst.client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    await sleep(50);
    for (const path of [
      'events',
      'export',
      'export?format=csv',
      'query?metrics=events&date_range=all',
    ]) {
      const response = await analyst.server.get(`/analytics/${path}`);
      expect(response.status).toBe(503);
      expect(response.headers.get('Retry-After')).toBe('2');
      expect(await response.json()).toMatchObject({ code: 'unavailable' });
    }
    await administer(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
    expect((await analyst.ask(QUERY)).totals).toMatchObject({ events: 1 });
    await analyst.stop();
  });
});
