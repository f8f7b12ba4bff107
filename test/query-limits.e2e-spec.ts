import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { AppModule } from '../src/app.module.js';
import { QueryOptions } from '../src/query/query-threads.js';
import { Analyst } from './support/analyst.js';

const RANGE = { date_range: ['2026-03-01', '2026-03-02'] };
const FUNNEL = { steps: [{ event: 'click' }, { event: 'buy' }], within: '1d', ...RANGE };

describe('what a query may cost', () => {
  let analyst: Analyst;
  beforeAll(async () => {
    const query = Object.assign(new QueryOptions(), {
      maxRawRows: 5,
      maxBuckets: 8,
      maxResultRows: 20,
    });
    analyst = await Analyst.start({ query });
    await analyst.record(
      Array.from({ length: 6 }, (_, index) => ({
        time: `2026-03-01T1${index}:00:00Z`,
        user: `u${index}`,
        event: index < 4 ? 'click' : 'buy',
        properties: { n: index },
      })),
    );
    await analyst.fold();
  });
  afterAll(() => analyst.stop());

  const raw = { metrics: ['events'], ...RANGE, filters: [['exists', 'property:n']] };
  it.each<[string, string, object, object]>([
    ['raw events', 'query', raw, { raw_rows: 6 }],
    [
      'raw events by a property',
      'query',
      { ...raw, filters: [], dimensions: ['property:n'] },
      { raw_rows: 6 },
    ],
    [
      'buckets',
      'query',
      {
        metrics: ['events'],
        date_range: ['2026-03-01T00:01:00Z', '2026-03-01T23:00:00Z'],
        dimensions: ['event'],
      },
      { buckets: 9 },
    ],
    [
      'rows of time',
      'query',
      { metrics: ['events'], ...RANGE, dimensions: ['time:hour'] },
      { result_rows: 25 },
    ],
    ['a funnel', 'funnel', FUNNEL, { raw_rows: 6 }],
    [
      'a matrix',
      'retention',
      { period: 'day', date_range: ['2026-03-01', '2026-03-07'] },
      { result_rows: 28 },
    ],
  ])('%s are refused before they are read, with their number', async (_, path, body, cost) => {
    const response = await analyst.post(path, body);
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ code: 'query_too_expensive', cost });
  });

  it('takes what is within, and counts all events that have to be looked at', async () => {
    const filters = [...raw.filters, ['is', 'event', 'click']];
    const shorter = { date_range: ['2026-03-01T10:00:00Z', '2026-03-01T14:30:00Z'] };
    expect(await analyst.rows({ ...raw, ...shorter, filters })).toEqual([[4]]);
    const wide = await analyst.post('query', { ...raw, filters });
    expect(await wide.json()).toMatchObject({ statusCode: 422, cost: { raw_rows: 6 } });
    expect(await analyst.rows({ metrics: ['events', 'unique_users'], ...RANGE })).toEqual([[6, 6]]);
    const filtered = encodeURIComponent(JSON.stringify(raw.filters));
    const refused = await analyst.server.get(`/analytics/events?filters=${filtered}`);
    expect(await refused.json()).toMatchObject({ statusCode: 422, cost: { raw_rows: 6 } });
    expect((await analyst.get('events')).results).toHaveLength(6);
  });
});

describe('funnels and retention over HTTP', () => {
  let analyst: Analyst;
  beforeAll(async () => {
    analyst = await Analyst.start();
    await analyst.record([
      { time: '2026-03-01T10:00:00Z', user: 'a' },
      { time: '2026-03-01T10:00:30Z', user: 'a', event: 'buy' },
      { time: '2026-03-01T10:00:00Z', user: 'b' },
      { time: '2026-03-03T10:00:01Z', user: 'b', event: 'buy' },
      { time: '2026-03-01T10:00:00Z', user: 'bot', bot: true },
      { time: '2026-03-02T10:00:00Z', user: 'c' },
    ]);
  });
  afterAll(() => analyst.stop());

  it('tells the steps', async () => {
    const answer = await analyst.ask({ ...FUNNEL, date_range: 'all' }, 'funnel');
    expect(answer.results).toEqual([
      { step: 1, event: 'click', users: 3, conversion: 1, step_conversion: 1, median_seconds: 0 },
      {
        step: 2,
        event: 'buy',
        users: 1,
        conversion: 1 / 3,
        step_conversion: 1 / 3,
        median_seconds: 30,
      },
    ]);
    expect(answer.totals).toEqual({ users: 3, converted: 1, conversion: 1 / 3 });
    expect(answer.query).toMatchObject({ steps: FUNNEL.steps, within: '1d' });
    expect(answer.meta).toMatchObject({ raw_rows: 6 });
    const csv = await analyst.post('funnel?format=csv', {
      ...FUNNEL,
      within: '100d',
      date_range: 'all',
    });
    expect(await csv.text()).toBe(
      `step,event,users,conversion,step_conversion,median_seconds\n1,click,3,1,1,0\n2,buy,2,${2 / 3},${2 / 3},86415.5\n`,
    );
    const none = await analyst.ask(
      { ...FUNNEL, date_range: ['2026-04-01', '2026-04-02'] },
      'funnel',
    );
    expect(none.results[1]).toMatchObject({ users: 0, conversion: null, median_seconds: null });
  });

  it('tells the cohorts as a matrix', async () => {
    const asked = { period: 'day', date_range: ['2026-03-01', '2026-03-04'] };
    const answer = await analyst.ask(asked, 'retention');
    const day = (date: number): string => `2026-03-0${date}T00:00:00Z`;
    expect(answer.results).toEqual([
      { cohort: day(1), size: 2, retained: [2, 0, 1] },
      { cohort: day(2), size: 1, retained: [1, 0] },
      { cohort: day(3), size: 0, retained: [0] },
    ]);
    expect(answer.totals).toEqual({ size: 3 });
    const csv = await analyst.post('retention?format=csv', asked);
    expect(await csv.text()).toBe(
      `cohort,size,period_0,period_1,period_2\n${day(1)},2,2,0,1\n${day(2)},1,1,0,\n${day(3)},0,0,,\n`,
    );
    const buyers = {
      ...asked,
      cohort: 'first_event',
      cohort_filters: [['is', 'event', 'buy']],
      period: 'month',
    };
    expect((await analyst.ask(buyers, 'retention')).results).toEqual([
      { cohort: day(1), size: 2, retained: [2] },
    ]);
  });
});

describe('inside an application that parses bodies itself', () => {
  let analyst: Analyst;
  let app: INestApplication;
  beforeAll(async () => {
    analyst = await Analyst.start();
    const module = await Test.createTestingModule({
      imports: [AppModule.on(analyst.server.dataSource)],
    }).compile();
    app = module.createNestApplication();
    await app.listen(0, '127.0.0.1');
  });
  afterAll(async () => {
    await app.close();
    await analyst.stop();
  });

  it('takes the body of a query as it was parsed, and one that was not', async () => {
    for (const type of ['application/json', 'text/plain']) {
      const response = await fetch(`${await app.getUrl()}/analytics/query`, {
        method: 'POST',
        headers: { 'Content-Type': type },
        body: JSON.stringify({ metrics: ['events'], date_range: '7d' }),
      });
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ results: [{ events: 0 }] });
    }
  });
});
