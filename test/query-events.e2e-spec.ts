import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { request } from 'node:http';
import { moveHorizon } from '../src/rollup/horizon.js';
import { ANY_TIME } from './support/application.js';
import { Analyst, type Recorded } from './support/analyst.js';
import { until } from './support/poll.js';

const TIED = 2_500;
const QUERY = {
  metrics: ['events', 'unique_users', 'ctr'],
  date_range: 'all',
  dimensions: ['time:day', 'event', 'source', 'property:n'],
};

describe('raw events', () => {
  let analyst: Analyst;
  beforeAll(async () => {
    analyst = await Analyst.start();
    const tied = Array.from({ length: TIED }, (_, index): Recorded => ({
      time: '2026-03-01T10:00:00.500Z',
      user: `u${index % 50}`,
      event: index % 2 ? 'click' : 'impression',
      properties: { n: index % 3 },
    }));
    await analyst.record(tied);
    await analyst.record([
      {
        time: '2026-02-28T00:00:00Z',
        user: `o'b,"ri\\an`,
        event: 'a "b", c',
        source: 'shop, 2',
        properties: { 'x,"y': '1\n2', n: 1.5, deep: { a: [null] } },
      },
      { time: '2026-03-02T00:00:00Z', user: 'ünï😀', bot: true },
      { time: '0001-01-01T00:00:00Z', user: 'first' },
      { time: '9999-12-31T23:59:59.999Z', user: 'last' },
    ]);
  });
  afterAll(() => analyst.stop());

  const ids = (results: Record<string, unknown>[]): string[] =>
    results.map(({ id, timestamp, user }) => [timestamp, id, user].join());

  it('are paged newest first, through ties, each once', async () => {
    const seen: string[] = [];
    let cursor = '';
    do {
      const page = await analyst.get(`events?bots=include&limit=1000${cursor}`);
      seen.push(...ids(page.results));
      cursor = page.meta.next_cursor ? `&cursor=${page.meta.next_cursor}` : '';
    } while (cursor !== '');
    expect(seen).toHaveLength(TIED + 4);
    expect(new Set(seen).size).toBe(TIED + 4);
    expect(seen[0]).toContain('9999-12-31T23:59:59.999Z');
    expect(seen.at(-1)).toContain('0001-01-01T00:00:00.000Z');
  });

  it('are filtered, and told as JSON or CSV', async () => {
    const filters = encodeURIComponent(
      JSON.stringify([
        ['is', 'source', 'shop, 2'],
        ['exists', 'property:deep'],
      ]),
    );
    const { results } = await analyst.get(`events?filters=${filters}`);
    expect(results).toEqual([
      {
        timestamp: '2026-02-28T00:00:00.000Z',
        user: `o'b,"ri\\an`,
        event: 'a "b", c',
        id: expect.any(String),
        source: 'shop, 2',
        properties: { 'x,"y': '1\n2', n: 1.5, deep: { a: [null] } },
        bot: false,
      },
    ]);
    const csv = await analyst.server.get(`/analytics/events?filters=${filters}&format=csv`);
    expect(csv.headers.get('Content-Type')).toMatch(/^text\/csv/);
    const [row] = parse<Record<string, string>>(await csv.text(), { columns: true });
    expect(row).toMatchObject({ user: `o'b,"ri\\an`, event: 'a "b", c', bot: 'false' });
    expect(JSON.parse(row!['properties']!)).toEqual(results[0]!['properties']);
    expect((await analyst.get('events')).results.map(({ user }) => user)).not.toContain('ünï😀');
  });

  it.each([
    ['events?cursor=x', 'cursor'],
    [
      `events?cursor=${Buffer.from('[0,"00000000-0000-0000-0000-000000000000",3e9]').toString('base64url')}`,
      'cursor',
    ],
    ['events?limit=1001', 'limit'],
    ['events?page=2', 'page'],
    ['export?from=x', 'from'],
    ['export?from=5&to=5', 'to'],
    ['export?format=json', 'format'],
    ['export?cursor=1,2,3', 'cursor'],
    ['export?cursor=1,00000000-0000-0000-0000-000000000000,a%00', 'cursor'],
    ['export?limit=1', 'limit'],
  ])('refuses %s', async (path, field) => {
    const response = await analyst.server.get(`/analytics/${path}`);
    expect(await response.json()).toMatchObject({ statusCode: 400, path: field });
  });

  it('are exported so that another server answers the same', async () => {
    const other = await Analyst.start(ANY_TIME);
    const text = await (await analyst.server.get('/analytics/export')).text();
    const lines = text.trimEnd().split('\n');
    expect(lines).toHaveLength(TIED + 4);
    const imported = await other.server.post('/analytics/batch', {
      headers: { 'Content-Type': 'application/x-ndjson' },
      body: text,
    });
    expect(await imported.json()).toMatchObject({ stored: TIED + 4, rejected: 0 });
    expect(await (await other.server.get('/analytics/export')).text()).toBe(text);
    const asked = { ...QUERY, bots: 'include', date_range: ['2026-02-01', '2026-04-01'] };
    expect((await other.ask(asked)).results).toEqual((await analyst.ask(asked)).results);
    const csv = await (await analyst.server.get('/analytics/export?format=csv')).text();
    expect(parse(csv)).toHaveLength(TIED + 5);
    await other.stop();
  });

  it('go on after the last whole line', async () => {
    const whole = (
      await (await analyst.server.get('/analytics/export?from=0&to=2000000000')).text()
    )
      .trimEnd()
      .split('\n');
    expect(whole).toHaveLength(TIED + 2);
    for (const place of [0, 1, 1_000, TIED, TIED + 1]) {
      const { timestamp, id, user } = JSON.parse(whole[place]!) as Record<string, string>;
      const cursor = encodeURIComponent([timestamp, id, user].join(','));
      const rest = await (
        await analyst.server.get(`/analytics/export?from=0&to=2000000000&cursor=${cursor}`)
      ).text();
      expect(rest.split('\n').filter(Boolean)).toEqual(whole.slice(place + 1));
    }
  });

  it('stop being read when their client goes away', async () => {
    const sent = request(`${analyst.server.base}/analytics/export`);
    const begun = new Promise<void>((resolve) => {
      sent.on('response', (response) => {
        response.once('data', () => {
          response.on('error', () => {});
          sent.destroy();
          resolve();
        });
      });
    });
    sent.on('error', () => {});
    sent.end();
    await begun;
    await until(async () => {
      const { rows } = await analyst.client.query(
        `SELECT FROM pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL AND pid <> pg_backend_pid()`,
      );
      return rows.length === 0;
    }, 5_000);
    expect((await analyst.get('events?limit=1')).results).toHaveLength(1);
  });
});

describe('below the horizon', () => {
  let analyst: Analyst;
  const horizon = Date.parse('2026-03-01T11:00:00Z');
  beforeAll(async () => {
    analyst = await Analyst.start();
    await analyst.record([
      { time: '2026-03-01T10:00:20Z', user: 'a', properties: { n: 1 } },
      { time: '2026-03-01T10:30:00Z', user: 'b' },
      { time: '2026-03-01T11:00:00Z', user: 'a', event: 'impression' },
      { time: '2026-03-01T11:10:00Z', user: 'c' },
    ]);
    await analyst.fold();
    await moveHorizon(analyst.client, horizon / 60_000);
    await analyst.client.query('DELETE FROM events WHERE time < $1', [
      new Date(horizon).toISOString(),
    ]);
  });
  afterAll(() => analyst.stop());

  it('whole minutes are answered as before', async () => {
    const asked = { metrics: ['events', 'unique_users', 'new_users'], date_range: 'all' };
    expect(await analyst.rows(asked)).toEqual([[4, 3, 3]]);
    const minutes = { ...asked, date_range: ['2026-03-01T10:00:00Z', '2026-03-01T11:00:00.001Z'] };
    expect(await analyst.rows(minutes)).toEqual([[3, 2, 2]]);
    expect((await analyst.ask({ period: 'day', date_range: 'all' }, 'retention')).totals).toEqual({
      size: 3,
    });
  });

  it.each<[string, string, object]>([
    ['parts of minutes', 'query', { date_range: ['2026-03-01T10:00:20Z', '2026-03-01T12:00:00Z'] }],
    ['properties', 'query', { filters: [['exists', 'property:n']] }],
    [
      'new people by properties',
      'query',
      {
        metrics: ['new_users'],
        filters: [['exists', 'property:n']],
        date_range: ['2026-03-01T11:00:00Z', '2026-03-02'],
      },
    ],
    [
      'funnels',
      'funnel',
      { metrics: undefined, steps: [{ event: 'click' }, { event: 'impression' }], within: '1d' },
    ],
    [
      'retention by properties',
      'retention',
      { metrics: undefined, period: 'day', filters: [['exists', 'property:n']] },
    ],
  ])('%s are refused', async (_, path, query) => {
    const refused = await analyst.refusal(
      { metrics: ['events'], date_range: 'all', ...query },
      path,
    );
    expect(refused).toMatchObject({
      statusCode: 422,
      code: 'raw_events_expired',
      raw_from: '2026-03-01T11:00:00.000Z',
    });
  });

  it('events and exports are refused where they are gone, and else begin at the horizon', async () => {
    expect((await analyst.get('events')).results).toHaveLength(2);
    for (const path of [
      'events?date_range=2026-03-01,2026-03-02',
      'export?from=2026-03-01T10:00:00Z',
      'export?from=0&format=csv',
    ]) {
      expect((await analyst.server.get(`/analytics/${path}`)).status).toBe(422);
    }
    const text = await (await analyst.server.get('/analytics/export')).text();
    expect(text.trimEnd().split('\n')).toHaveLength(2);
  });

  it('the hourly report widens to whole minutes, and says so', async () => {
    const report = async (timestamp: string) => {
      const response = await analyst.server.get(`/analytics?timestamp=${timestamp}`);
      return [response.headers.get('X-Analytics-Window'), await response.text()];
    };
    expect(await report('2026-03-01T11:00:30Z')).toEqual([
      '2026-03-01T10:00:00.000Z/2026-03-01T11:00:30.000Z',
      'unique_users,2\nclicks,2\nimpressions,1\n',
    ]);
    expect((await report('2026-03-01T10:30:10Z'))[0]).toBe(
      '2026-03-01T09:30:00.000Z/2026-03-01T10:30:59.999Z',
    );
    expect((await report('2026-03-01T12:00:30Z'))[0]).toBe(
      '2026-03-01T11:00:30.000Z/2026-03-01T12:00:30.000Z',
    );
    const json = await analyst.server.get('/analytics?timestamp=2026-03-01T10:30:10Z&format=json');
    expect(await json.json()).toEqual({
      window: { from: '2026-03-01T09:30:00.000Z', to: '2026-03-01T10:30:59.999Z' },
      unique_users: 2,
      clicks: 2,
      impressions: 0,
    });
  });

  it('an event is too old', async () => {
    const old = await analyst.server.post(
      '/analytics?timestamp=2026-03-01T10:59:59.999Z&user=a&event=click',
    );
    expect(old.headers.get('X-Analytics-Rejected')).toMatch(/^too_old/);
    const young = await analyst.server.post(
      '/analytics?timestamp=2026-03-01T11:00:00Z&user=a&event=click',
    );
    expect(young.headers.get('X-Analytics-Rejected')).toBeNull();
  });
});
