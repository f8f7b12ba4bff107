import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Analyst } from './support/analyst.js';

const METRICS =
  'unique_users, events, clicks, impressions, ctr, events_per_user, new_users or count(<event>)';
const RANGE =
  'must be [FROM, TO] with FROM before TO, or one of 1h, 24h, 7d, 30d (any Nh or Nd), month, year, all';
const FIELDS = 'event, source, property:<name> or trait:<name>';
const FILTER_FORMS =
  'a filter is ["is", FIELD, [VALUE, ...]], likewise with is_not, contains or matches, ["exists", FIELD], ["and", [FILTER, ...]], ["or", [FILTER, ...]] or ["not", FILTER]';
const OK = { metrics: ['events'], date_range: 'all' };
const nested = (depth: number): unknown =>
  depth === 1 ? ['exists', 'event'] : ['not', nested(depth - 1)];
const list = (length: number): string[] => Array.from({ length }, (_, index) => `v${index}`);

describe('the query language', () => {
  let analyst: Analyst;
  beforeAll(async () => {
    analyst = await Analyst.start();
  });
  afterAll(() => analyst.stop());

  it.each<[string, unknown, string, string]>([
    ['a number', 5, '', 'must be a JSON object with metrics and date_range'],
    ['a list', [], '', 'must be a JSON object'],
    ['null', null, '', 'must be a JSON object'],
    ['nothing', {}, 'metrics', 'must be a list of metrics'],
    ['no metric', { ...OK, metrics: [] }, 'metrics', 'must have one metric at least'],
    ['a text', { ...OK, metrics: 'events' }, 'metrics', 'must be a list of metrics'],
    ['an unknown metric', { ...OK, metrics: ['events', 'visits'] }, 'metrics[1]', METRICS],
    ['an inherited name', { ...OK, metrics: ['constructor'] }, 'metrics[0]', METRICS],
    ['a count of nothing', { ...OK, metrics: ['count()'] }, 'metrics[0]', METRICS],
    ['a count of NUL', { ...OK, metrics: ['count(\0)'] }, 'metrics[0]', METRICS],
    ['a metric twice', { ...OK, metrics: ['events', 'events'] }, 'metrics[1]', 'given twice'],
    ['21 metrics', { ...OK, metrics: list(21).map((v) => `count(${v})`) }, 'metrics', 'at most 20'],
    ['no range', { metrics: ['events'] }, 'date_range', RANGE],
    ['an unknown range', { ...OK, date_range: 'week' }, 'date_range', RANGE],
    ['0 hours', { ...OK, date_range: '0h' }, 'date_range', RANGE],
    ['too many hours', { ...OK, date_range: '999999h' }, 'date_range', RANGE],
    ['one end', { ...OK, date_range: ['2026-01-01'] }, 'date_range', RANGE],
    ['no text', { ...OK, date_range: [true, '2026-01-01'] }, 'date_range[0]', 'must be a date'],
    ['31 June', { ...OK, date_range: ['2026-06-31', 2e9] }, 'date_range[0]', 'must be a date'],
    ['no offset', { ...OK, date_range: [0, '2026-01-01T00:00:00'] }, 'date_range[1]', 'a date'],
    ['ends in turn', { ...OK, date_range: [5, 5] }, 'date_range', RANGE],
    ['an offset', { ...OK, timezone: '+05:45' }, 'timezone', 'must be an IANA time zone'],
    ['no zone', { ...OK, timezone: 'Mars/Base' }, 'timezone', 'must be an IANA time zone'],
    ['no text as zone', { ...OK, timezone: null }, 'timezone', 'must be an IANA time zone'],
    ['SQL as zone', { ...OK, timezone: "UTC'; SELECT 1" }, 'timezone', 'must be an IANA'],
    ['an unknown dimension', { ...OK, dimensions: ['user'] }, 'dimensions[0]', FIELDS],
    ['time alone', { ...OK, dimensions: ['time'] }, 'dimensions[0]', 'time:minute|hour|day|week'],
    ['no name', { ...OK, dimensions: ['property:'] }, 'dimensions[0]', FIELDS],
    ['NUL', { ...OK, dimensions: ['trait:a\0'] }, 'dimensions[0]', FIELDS],
    ['a long name', { ...OK, dimensions: [`trait:${'x'.repeat(256)}`] }, 'dimensions[0]', FIELDS],
    ['two times', { ...OK, dimensions: ['time:day', 'time:hour'] }, 'dimensions[1]', 'twice'],
    ['6 dimensions', { ...OK, dimensions: list(6).map((v) => `trait:${v}`) }, 'dimensions', '5'],
    ['no list of filters', { ...OK, filters: 'x' }, 'filters', 'must be a list of filters'],
    ['no filter', { ...OK, filters: ['is'] }, 'filters[0]', FILTER_FORMS],
    ['an unknown test', { ...OK, filters: [['like', 'event', ['a']]] }, 'filters[0][0]', 'is_not'],
    ['a missing part', { ...OK, filters: [['is', 'event']] }, 'filters[0]', 'has 3 parts'],
    ['a part too many', { ...OK, filters: [['exists', 'event', 1]] }, 'filters[0]', 'has 2 parts'],
    ['an unknown field', { ...OK, filters: [['is', 'kind', ['a']]] }, 'filters[0][1]', FIELDS],
    ['no value', { ...OK, filters: [['is', 'event', []]] }, 'filters[0][2]', '1 to 1000 values'],
    ['many values', { ...OK, filters: [['is', 'event', list(1001)]] }, 'filters[0][2]', '1000'],
    [
      'an object',
      { ...OK, filters: [['is', 'event', [{}]]] },
      'filters[0][2][0]',
      'must be a text',
    ],
    ['NUL in a value', { ...OK, filters: [['is', 'event', ['\0']]] }, 'filters[0][2][0]', 'a text'],
    [
      'a long value',
      { ...OK, filters: [['is', 'event', 'x'.repeat(1001)]] },
      'filters[0][2]',
      '1000',
    ],
    ['a number', { ...OK, filters: [['contains', 'event', [5]]] }, 'filters[0][2][0]', 'a text'],
    [
      'an empty text',
      { ...OK, filters: [['contains', 'event', ['']]] },
      'filters[0][2][0]',
      'empty',
    ],
    [
      '11 wildcards',
      { ...OK, filters: [['matches', 'event', '*'.repeat(11)]] },
      'filters[0][2][0]',
      '10',
    ],
    ['an empty and', { ...OK, filters: [['and', []]] }, 'filters[0][1]', '1 to 1000 filters'],
    [
      'one within',
      {
        ...OK,
        filters: [
          [
            'or',
            [
              ['exists', 'event'],
              ['is', 'x', 1],
            ],
          ],
        ],
      },
      'filters[0][1][1][1]',
      FIELDS,
    ],
    ['11 deep', { ...OK, filters: [nested(11)] }, `filters[0]${'[1]'.repeat(10)}`, '10 deep'],
    [
      '101 filters',
      { ...OK, filters: Array.from({ length: 101 }, () => nested(1)) },
      'filters',
      'at most 100 filters',
    ],
    ['bots', { ...OK, bots: true }, 'bots', 'must be exclude or include'],
    ['no list of orders', { ...OK, order_by: 'events' }, 'order_by', 'must be a list such as'],
    ['an unknown direction', { ...OK, order_by: [['events', 'up']] }, 'order_by[0]', 'such as'],
    ['an order of others', { ...OK, order_by: ['clicks'] }, 'order_by[0]', "query's own events"],
    ['limit 0', { ...OK, limit: 0 }, 'limit', 'must be a whole number from 1 to 100000'],
    ['a part of one', { ...OK, limit: 1.5 }, 'limit', 'must be a whole number from 1 to 100000'],
    ['a text as limit', { ...OK, limit: '5' }, 'limit', 'must be a whole number'],
    ['too much', { ...OK, limit: 100_001 }, 'limit', 'must be a whole number'],
    ['no cursor', { ...OK, cursor: 'x' }, 'cursor', 'must be the next_cursor of an answer'],
    ['a long cursor', { ...OK, cursor: 'x'.repeat(20_001) }, 'cursor', 'too long'],
    ['fill', { ...OK, fill: 'yes' }, 'fill', 'must be true or false'],
    ['compare', { ...OK, compare: 'last_year' }, 'compare', 'must be previous_period or'],
    ['an unknown field', { ...OK, metric: [] }, 'metric', 'accepted are metrics, date_range'],
  ])('refuses %s', async (_, body, path, accepted) => {
    const refused = await analyst.refusal(body);
    expect(refused).toMatchObject({ statusCode: 400, code: 'invalid_query', path });
    expect(refused.message).toContain(accepted);
    expect(refused.message.startsWith(path === '' ? 'must be' : `${path}: `)).toBe(true);
  });

  it('refuses a field that is named __proto__', async () => {
    const text = '{"metrics":["events"],"date_range":"all","__proto__":{"limit":1}}';
    expect(await analyst.refusal(text)).toMatchObject({ statusCode: 400, path: '__proto__' });
  });

  it('refuses more tests than a statement can have', async () => {
    const many = Array.from({ length: 60 }, () => [
      'or',
      Array.from({ length: 500 }, () => ['is', 'property:a', 1]),
    ]);
    const range = { ...OK, date_range: '7d' };
    const refused = await analyst.refusal({ ...range, filters: many });
    expect(refused).toMatchObject({ statusCode: 400, path: 'filters' });
    for (const field of ['property:a', 'trait:a', 'event', 'source']) {
      const most = [['or', Array.from({ length: 1_000 }, () => ['is', field, 1])]];
      expect(await analyst.rows({ ...range, filters: most })).toEqual([[0]]);
    }
  });

  const FUNNEL = { steps: [{ event: 'a' }, { event: 'b' }], within: '1d', date_range: 'all' };
  it.each<[string, unknown, string, string]>([
    ['nothing', {}, 'steps', 'must be a list of steps'],
    ['one step', { ...FUNNEL, steps: [{ event: 'a' }] }, 'steps', 'must have two steps at least'],
    [
      '11 steps',
      { ...FUNNEL, steps: Array.from({ length: 11 }, () => ({ event: 'a' })) },
      'steps',
      'at most 10',
    ],
    [
      'an empty step',
      { ...FUNNEL, steps: [{}, {}] },
      'steps[0]',
      'must have event, filters, or both',
    ],
    ['no step', { ...FUNNEL, steps: ['a', 'b'] }, 'steps[0]', 'must be an object with event'],
    ['no name', { ...FUNNEL, steps: [{ event: 5 }, {}] }, 'steps[0].event', 'the name of an event'],
    [
      'no letter',
      { ...FUNNEL, steps: [{ event: '' }, {}] },
      'steps[0].event',
      'the name of an event',
    ],
    [
      'NUL',
      { ...FUNNEL, steps: [{ event: '\0' }, { event: 'b' }] },
      'steps[0].event',
      'name of an event',
    ],
    [
      'a long name',
      { ...FUNNEL, steps: [{ event: 'x'.repeat(101) }, {}] },
      'steps[0].event',
      'name of',
    ],
    [
      'a filter',
      { ...FUNNEL, steps: [{ filters: [['is', 'x', 1]] }, {}] },
      'steps[0].filters[0][1]',
      FIELDS,
    ],
    [
      'a wrong field',
      { ...FUNNEL, steps: [{ name: 'a' }, {}] },
      'steps[0].name',
      'accepted are event, filters',
    ],
    ['no time', { ...FUNNEL, within: undefined }, 'within', 'must be a time such as 30m'],
    ['a number', { ...FUNNEL, within: 60 }, 'within', 'must be a time such as 30m'],
    ['too long', { ...FUNNEL, within: '36526d' }, 'within', 'at most 100 years'],
  ])('refuses a funnel with %s', async (_, body, path, accepted) => {
    const refused = await analyst.refusal(body, 'funnel');
    expect(refused).toMatchObject({ statusCode: 400, code: 'invalid_query', path });
    expect(refused.message).toContain(accepted);
  });

  const RETENTION = { period: 'day', date_range: 'all' };
  it.each<[string, unknown, string, string]>([
    ['nothing', {}, 'period', 'must be day, week, month'],
    ['hours', { ...RETENTION, period: 'hour' }, 'period', 'must be day, week, month'],
    ['a cohort', { ...RETENTION, cohort: 'signup' }, 'cohort', 'first_seen or first_event'],
    ['filters of none', { ...RETENTION, cohort_filters: [] }, 'cohort_filters', 'first_event'],
    ['a metric', { ...RETENTION, metrics: [] }, 'metrics', 'accepted are cohort, cohort_filters'],
  ])('refuses retention with %s', async (_, body, path, accepted) => {
    const refused = await analyst.refusal(body, 'retention');
    expect(refused).toMatchObject({ statusCode: 400, code: 'invalid_query', path });
    expect(refused.message).toContain(accepted);
  });

  describe('bodies', () => {
    const send = async (body: RequestInit['body'], headers: Record<string, string> = {}) => {
      const response = await analyst.server.post('/analytics/query', {
        headers,
        ...(body !== undefined && { body }),
      });
      return { status: response.status, ...((await response.json()) as { code?: string }) };
    };
    const text = JSON.stringify(OK);

    it.each<[string, RequestInit['body'], Record<string, string>, number, string]>([
      ['none', undefined, {}, 400, 'invalid_query'],
      ['no JSON', 'metrics=events', {}, 400, 'unreadable_body'],
      ['half of it', text.slice(0, 20), {}, 400, 'unreadable_body'],
      ['over 1 MB', `"${'x'.repeat(1024 * 1024)}"`, {}, 413, 'body_too_large'],
      ['brackets', '['.repeat(500_000), {}, 400, 'unreadable_body'],
      ['deep lists', '['.repeat(400_000) + ']'.repeat(400_000), {}, 400, 'invalid_query'],
      ['a wrong encoding', text, { 'Content-Encoding': 'zip' }, 415, 'unsupported_encoding'],
      ['no gzip', text, { 'Content-Encoding': 'gzip' }, 400, 'unreadable_body'],
      ['a wrong charset', text, { 'Content-Type': 'a/b; charset=x' }, 415, 'unsupported_encoding'],
    ])('refuses %s', async (_, body, headers, status, code) => {
      expect(await send(body, headers)).toMatchObject({ status, code });
    });

    it('takes any type of content, compressed or not', async () => {
      for (const type of ['text/plain', 'application/json', 'application/x-www-form-urlencoded']) {
        expect((await send(text, { 'Content-Type': type })).status).toBe(200);
      }
      expect((await send(gzipSync(text), { 'Content-Encoding': 'gzip' })).status).toBe(200);
    });
  });
});
