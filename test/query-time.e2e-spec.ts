import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Analyst } from './support/analyst.js';

const METRICS = ['events', 'unique_users'];

describe('time', () => {
  let analyst: Analyst;
  beforeAll(async () => {
    analyst = await Analyst.start();
  });
  afterAll(() => analyst.stop());

  const rows = (query: object): Promise<unknown[][]> =>
    analyst.rows({ metrics: METRICS, dimensions: ['time:day'], ...query });

  it('has no row of all time, and zeros in sum, where there is no event', async () => {
    const metrics = [...METRICS, 'ctr', 'new_users', 'events_per_user'];
    const { results, totals } = await analyst.ask({ metrics, date_range: 'all' });
    const nothing = { events: 0, unique_users: 0, ctr: null, new_users: 0, events_per_user: null };
    expect(totals).toEqual(nothing);
    expect(results).toEqual([nothing]);
    for (const dimensions of [['time:day'], ['event'], ['trait:a', 'time:month']]) {
      expect((await analyst.ask({ metrics, date_range: 'all', dimensions })).results).toEqual([]);
    }
    const funnel = { steps: [{ event: 'a' }, { event: 'b' }], within: '1d', date_range: 'all' };
    expect((await analyst.ask(funnel, 'funnel')).totals).toMatchObject({ users: 0 });
    const retention = { period: 'day', date_range: 'all' };
    expect((await analyst.ask(retention, 'retention')).results).toEqual([]);
    expect((await analyst.get('events')).results).toEqual([]);
    expect(await (await analyst.server.get('/analytics/export')).text()).toBe('');
  });

  it('follows the zone over a change of its clocks', async () => {
    await analyst.record([
      { time: '2026-03-28T22:59:59.999Z', user: 'a' },
      { time: '2026-03-28T23:00:00Z', user: 'a' },
      { time: '2026-03-29T21:59:59.999Z', user: 'b' },
      { time: '2026-03-29T22:00:00Z', user: 'b' },
    ]);
    const range = { date_range: ['2026-03-28', '2026-03-31'], timezone: 'Europe/Berlin' };
    const expected = [
      ['2026-03-28T00:00:00+01:00', 1, 1],
      ['2026-03-29T00:00:00+01:00', 2, 2],
      ['2026-03-30T00:00:00+02:00', 1, 1],
    ];
    expect(await rows(range)).toEqual(expected);
    await analyst.fold();
    expect(await rows(range)).toEqual(expected);
    const filters = [['not', ['exists', 'property:x']]];
    expect(await rows({ ...range, filters })).toEqual(expected);
    const hours = await rows({
      ...range,
      dimensions: ['time:hour'],
      date_range: ['2026-03-29T00:00:00Z', '2026-03-29T02:00:00Z'],
    });
    expect(hours.map(([hour]) => hour)).toEqual([
      '2026-03-29T01:00:00+01:00',
      '2026-03-29T03:00:00+02:00',
    ]);
  });

  it('follows +05:45, and weeks from Monday', async () => {
    await analyst.record([
      { time: '2026-06-14T18:14:59.999Z', user: 'a' },
      { time: '2026-06-14T18:15:00Z', user: 'b' },
    ]);
    const zone = { timezone: 'Asia/Kathmandu', date_range: ['2026-06-14', '2026-06-16'] };
    const expected = [
      ['2026-06-14T00:00:00+05:45', 1, 1],
      ['2026-06-15T00:00:00+05:45', 1, 1],
    ];
    expect(await rows(zone)).toEqual(expected);
    const weeks = await rows({ ...zone, dimensions: ['time:week'] });
    expect(weeks).toEqual([
      ['2026-06-08T00:00:00+05:45', 1, 1],
      ['2026-06-15T00:00:00+05:45', 1, 1],
    ]);
    await analyst.fold();
    expect(await rows(zone)).toEqual(expected);
    expect(await rows({ ...zone, dimensions: ['time:week'] })).toEqual(weeks);
    const months = await rows({ ...zone, dimensions: ['time:month'] });
    expect(months).toEqual([['2026-06-01T00:00:00+05:45', 2, 2]]);
  });

  it('follows zones whose past has seconds', async () => {
    // Clocks of Monrovia were 44:30 behind.
    await analyst.record([
      { time: '1930-02-01T00:44:29.999Z', user: 'a' },
      { time: '1930-02-01T00:44:30Z', user: 'b' },
    ]);
    await analyst.fold();
    const zone = { timezone: 'Africa/Monrovia', date_range: ['1930-01-31', '1930-02-02'] };
    expect(await rows(zone)).toEqual([
      ['1930-01-31T00:00:00-00:44:30', 1, 1],
      ['1930-02-01T00:00:00-00:44:30', 1, 1],
    ]);
    const begun = performance.now();
    // Each of these buckets begins and ends within a minute.
    const year = { ...zone, date_range: ['1930-01-01', '1931-01-01'], dimensions: ['time:hour'] };
    const { totals, results } = await analyst.ask({ metrics: METRICS, ...year });
    expect(totals).toEqual({ events: 2, unique_users: 2 });
    expect(results).toHaveLength(8_760);
    expect(results.filter(({ events }) => events === 1)).toHaveLength(2);
    expect(performance.now() - begun).toBeLessThan(5_000);
  });

  it('knows what rolling and current ranges are', async () => {
    await analyst.client.query(
      `SELECT record_events(ARRAY[now() - interval '30 minutes', now() - interval '90 minutes',
         now() - interval '47 hours', now() + interval '1 minute'],
         ARRAY['a', 'b', 'c', 'd'], array_fill('now'::text, ARRAY[4]))`,
    );
    const filters = [['is', 'event', 'now']];
    const count = async (date_range: string): Promise<unknown> =>
      (await analyst.ask({ metrics: ['events'], date_range, filters })).totals['events'];
    expect(await count('1h')).toBe(1);
    expect(await count('2h')).toBe(2);
    expect(await count('2d')).toBe(3);
    expect(await count('all')).toBe(4);
    const { rows: days } = await analyst.client.query<{ month: string; year: string }>(
      `SELECT to_char(now() AT TIME ZONE 'Asia/Tokyo', 'YYYY-MM') || '-01T00:00:00+09:00' AS month,
         to_char(now() AT TIME ZONE 'Asia/Tokyo', 'YYYY') || '-01-01T00:00:00+09:00' AS year`,
    );
    for (const current of ['month', 'year'] as const) {
      const asked = { metrics: METRICS, date_range: current, timezone: 'Asia/Tokyo' };
      const { date_range } = (await analyst.ask(asked)).query as { date_range: string[] };
      expect(date_range[0]).toBe(days[0]![current]);
    }
  });

  it('compares with the time before, and with the same dates a year before', async () => {
    await analyst.record([
      { time: '2023-02-10T00:00:00Z', user: 'a', source: 'shop' },
      { time: '2024-01-31T23:59:59.999Z', user: 'a', source: 'shop' },
      { time: '2024-02-10T00:00:00Z', user: 'a', source: 'shop' },
      { time: '2024-02-11T00:00:00Z', user: 'b', source: 'shop' },
    ]);
    const asked = {
      metrics: METRICS,
      date_range: ['2024-02-01', '2024-03-01'],
      dimensions: ['time:month'],
      filters: [['is', 'source', 'shop']],
    };
    const period = await analyst.ask({ ...asked, compare: 'previous_period' });
    expect(period.totals).toEqual({ events: 2, unique_users: 2 });
    expect(period.comparison).toEqual({
      date_range: ['2024-01-01T00:00:00Z', '2024-02-01T00:00:00Z'],
      results: [{ time: '2024-01-01T00:00:00Z', events: 1, unique_users: 1 }],
      totals: { events: 1, unique_users: 1 },
    });
    const year = await analyst.ask({ ...asked, compare: 'previous_year' });
    expect(year.comparison).toEqual({
      date_range: ['2023-02-01T00:00:00Z', '2023-03-01T00:00:00Z'],
      results: [{ time: '2023-02-01T00:00:00Z', events: 1, unique_users: 1 }],
      totals: { events: 1, unique_users: 1 },
    });
    const raw = [...asked.filters, ['not', ['exists', 'property:x']]];
    const byRaw = await analyst.ask({ ...asked, filters: raw, compare: 'previous_year' });
    expect(byRaw.comparison).toEqual(year.comparison);
  });

  it('fills buckets without events, for each value that there is in any', async () => {
    const asked = {
      date_range: ['2024-02-09', '2024-02-12'],
      dimensions: ['time:day', 'property:x', 'source'],
      metrics: ['events', 'ctr'],
    };
    const day = (date: number): string => `2024-02-${String(date).padStart(2, '0')}T00:00:00Z`;
    expect(await rows(asked)).toEqual([
      [day(9), null, 'shop', 0, null],
      [day(10), null, 'shop', 1, null],
      [day(11), null, 'shop', 1, null],
    ]);
    expect(await rows({ ...asked, fill: false })).toEqual([
      [day(10), null, 'shop', 1, null],
      [day(11), null, 'shop', 1, null],
    ]);
  });

  it('reaches from the first year to the last', async () => {
    await analyst.record([
      { time: '0001-01-01T00:00:00Z', user: 'first' },
      { time: '9999-12-31T23:59:59.999Z', user: 'last' },
    ]);
    for (const isFolded of [false, true]) {
      if (isFolded) await analyst.fold();
      const begun = performance.now();
      const { query, totals } = await analyst.ask({
        metrics: ['unique_users', 'new_users'],
        date_range: 'all',
        filters: [['is', 'event', 'click']],
        compare: 'previous_period',
      });
      expect(query['date_range']).toEqual(['0001-01-01T00:00:00Z', '+010000-01-01T00:00:00Z']);
      expect(totals).toEqual({ unique_users: 4, new_users: 4 });
      const whole = { metrics: ['new_users'], date_range: 'all', timezone: 'Asia/Tokyo' };
      const raw = [
        ['not', ['exists', 'property:x']],
        ['is', 'event', 'click'],
      ];
      expect((await analyst.ask({ ...whole, filters: raw })).totals).toEqual({ new_users: 4 });
      const day = { ...whole, date_range: ['9999-12-31', '9999-12-31T23:59:59.999Z'] };
      const daily = await analyst.rows({ ...day, dimensions: ['time:day'] });
      expect(daily.map(([time]) => time)).toEqual([
        '9999-12-31T00:00:00+09:00',
        '+010000-01-01T00:00:00+09:00',
      ]);
      expect(performance.now() - begun).toBeLessThan(3_000);
    }
    const centuries = { metrics: METRICS, date_range: 'all', dimensions: ['time:month'] };
    expect(await analyst.refusal(centuries)).toMatchObject({ code: 'query_too_expensive' });
    const retention = { period: 'month', date_range: 'all' };
    expect(await analyst.refusal(retention, 'retention')).toMatchObject({ statusCode: 422 });
    const days = { period: 'day', date_range: ['1900-01-01', '2026-01-01'] };
    expect(await analyst.refusal(days, 'retention')).toMatchObject({ statusCode: 422 });
  });
});
