import { describe, expect, it } from '@jest/globals';
import { parseEvents } from './parse-events.js';
import { parseFunnel } from './parse-funnel.js';
import { parseQuery } from './parse-query.js';
import { parseRetention } from './parse-retention.js';

describe('what a query may leave out', () => {
  it.each([
    [parseQuery, { metrics: ['events'], date_range: '7d' }],
    [parseFunnel, { steps: [{ event: 'a' }, { event: 'b' }], within: '1h', date_range: '7d' }],
    [parseRetention, { period: 'week', date_range: '7d' }],
    [parseEvents, {}],
  ])('%p: the time zone, filters and bots', (parse, value) => {
    expect(parse(value)).toMatchObject({ timezone: 'UTC', filters: [], includeBots: false });
  });

  it.each([
    [parseQuery, {}, 'metrics: must be a list of metrics'],
    [parseQuery, { metrics: ['events'] }, 'date_range: must be [FROM, TO]'],
    [parseFunnel, { steps: [{ event: 'a' }, { event: 'b' }] }, 'within: must be a time such as'],
    [parseRetention, { date_range: '7d' }, 'period: must be day, week, month'],
  ])('%p refuses %j', (parse, value, message) => {
    expect(() => parse(value)).toThrow(message);
  });
});

describe('a field that there is not', () => {
  it('is named, with those that there are', () => {
    expect(() => parseRetention({ period: 'day', date_range: 'all', zone: 'UTC' })).toThrow(
      'zone: is no field; accepted are cohort, cohort_filters, period, date_range, timezone, filters, bots',
    );
    const steps = [{ event: 'a' }, { event: 'b', name: 'c' }];
    expect(() => parseFunnel({ steps, within: '1h', date_range: 'all' })).toThrow(
      'steps[1].name: is no field; accepted are event, filters',
    );
  });
});
