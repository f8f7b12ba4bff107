import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { QueryOptions } from '../src/query/query-threads.js';
import { Analyst } from './support/analyst.js';
import { until } from './support/poll.js';

/** Raw events are read row by row, together with their users' traits. */
const SCAN = {
  metrics: ['events'],
  date_range: 'all',
  dimensions: ['property:plan'],
  filters: [['is', 'trait:x', [null]]],
};
const FUNNEL = {
  steps: [{ event: 'click' }, { event: 'click', filters: [['is', 'trait:x', [null]]] }],
  within: '1h',
  date_range: 'all',
};

describe.each([
  ['query', SCAN],
  ['funnel', FUNNEL],
])('a scan of raw events for a %s', (path, body) => {
  let analyst: Analyst;
  let blocker: Client;
  beforeAll(async () => {
    const query = Object.assign(new QueryOptions(), { timeoutMs: 700 });
    analyst = await Analyst.start({ query });
    await analyst.record([{ time: '2026-03-01T10:00:00Z', user: 'a' }]);
    blocker = new Client(analyst.server.databaseUrl);
    await blocker.connect();
  });
  afterEach(() => blocker.query('ROLLBACK'));
  afterAll(async () => {
    await blocker.end();
    await analyst.stop();
  });

  /** The scan waits for them when it has begun already. */
  const blockUsers = (): Promise<unknown> =>
    blocker.query('BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE');
  const isUnderWay = async (): Promise<boolean> => {
    const { rowCount } = await analyst.client.query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
         AND query LIKE '%events.time >=%'`,
    );
    return rowCount! > 0;
  };
  const ask = (signal?: AbortSignal): Promise<Response> =>
    analyst.server.post(`/analytics/${path}`, {
      body: JSON.stringify(body),
      ...(signal && { signal }),
    });

  it('is answered', async () => {
    expect((await ask()).status).toBe(200);
  });

  it('is 503 when it takes too long, and the next one is answered', async () => {
    await blockUsers();
    const response = await ask();
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ code: 'query_timeout' });
    await blocker.query('ROLLBACK');
    expect((await ask()).status).toBe(200);
  });

  it('ends when its client goes away, and the next one is answered', async () => {
    await blockUsers();
    const away = new AbortController();
    const gone = ask(away.signal).catch(() => 'gone');
    await until(isUnderWay);
    away.abort();
    expect(await gone).toBe('gone');
    await until(async () => !(await isUnderWay()));
    await blocker.query('ROLLBACK');
    expect((await ask()).status).toBe(200);
  });

  it('is 503 when its connection is lost, and the next one is answered', async () => {
    await blockUsers();
    const lost = ask();
    await until(isUnderWay);
    await blocker.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    expect((await lost).status).toBe(503);
    await blocker.query('ROLLBACK');
    expect((await ask()).status).toBe(200);
  });
});
