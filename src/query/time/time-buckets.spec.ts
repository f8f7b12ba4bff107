import { describe, expect, it } from '@jest/globals';
import type { TimeUnit } from '../language/query.js';
import { comparedRange, resolveRange } from './resolve-range.js';
import { timeBuckets } from './time-buckets.js';

const at = (text: string): number => Date.parse(text);
const range = (from: string, to: string) => ({ from: at(from), to: at(to) });
const labels = (from: string, to: string, unit: TimeUnit, zone: string): string[] =>
  timeBuckets(range(from, to), unit, zone).labels;

describe('timeBuckets', () => {
  it('begins at the start of the first bucket, and not at the range', () => {
    const { starts, labels: texts } = timeBuckets(
      range('2026-01-01T10:20:30Z', '2026-01-01T12:00:00Z'),
      'hour',
      'UTC',
    );
    expect(texts).toEqual(['2026-01-01T10:00:00Z', '2026-01-01T11:00:00Z']);
    expect(starts).toEqual([at('2026-01-01T10:00:00Z'), at('2026-01-01T11:00:00Z')]);
  });

  it('gives days of 23 and 25 hours at changes of the clocks', () => {
    expect(labels('2026-03-27T23:00:00Z', '2026-03-30T22:00:00Z', 'day', 'Europe/Berlin')).toEqual([
      '2026-03-28T00:00:00+01:00',
      '2026-03-29T00:00:00+01:00',
      '2026-03-30T00:00:00+02:00',
    ]);
    const { starts } = timeBuckets(
      range('2026-10-24T22:00:00Z', '2026-10-26T22:00:00Z'),
      'day',
      'Europe/Berlin',
    );
    expect(starts[1]! - starts[0]!).toBe(25 * 3_600_000);
  });

  it('gives the hour that comes twice two buckets, and the one that is missing none', () => {
    expect(labels('2026-10-25T00:00:00Z', '2026-10-25T02:00:00Z', 'hour', 'Europe/Berlin')).toEqual(
      ['2026-10-25T02:00:00+02:00', '2026-10-25T02:00:00+01:00'],
    );
    expect(labels('2026-03-29T00:00:00Z', '2026-03-29T02:00:00Z', 'hour', 'Europe/Berlin')).toEqual(
      ['2026-03-29T01:00:00+01:00', '2026-03-29T03:00:00+02:00'],
    );
  });

  it('begins hours anew where clocks are changed by half of one', () => {
    const zone = 'Australia/Lord_Howe';
    const expected = [
      '2026-04-05T01:00:00+11:00',
      '2026-04-05T01:30:00+10:30',
      '2026-04-05T02:00:00+10:30',
    ];
    expect(labels('2026-04-04T14:00:00Z', '2026-04-04T16:00:00Z', 'hour', zone)).toEqual(expected);
    expect(labels('2026-04-04T15:10:00Z', '2026-04-04T16:00:00Z', 'hour', zone)).toEqual(
      expected.slice(1),
    );
  });

  it.each([
    ['Asia/Kathmandu', 'day', '2025-12-31T18:15:00Z', '2026-01-01T00:00:00+05:45'],
    ['Asia/Kathmandu', 'hour', '2025-12-31T18:15:00Z', '2026-01-01T00:00:00+05:45'],
    ['America/Sao_Paulo', 'day', '2018-11-04T03:00:00Z', '2018-11-04T01:00:00-02:00'],
    ['Europe/Berlin', 'week', '2026-01-04T23:00:00Z', '2026-01-05T00:00:00+01:00'],
    ['America/New_York', 'month', '2026-11-01T04:00:00Z', '2026-11-01T00:00:00-04:00'],
    ['Europe/Amsterdam', 'minute', '1930-01-01T00:00:28Z', undefined],
  ] as const)('knows %s by %s', (zone, unit, start, text) => {
    const { starts, labels: texts } = timeBuckets(
      { from: at(start), to: at(start) + 1 },
      unit,
      zone,
    );
    expect(starts).toHaveLength(1);
    if (text === undefined) return;
    expect(starts).toEqual([at(start)]);
    expect(texts).toEqual([text]);
  });

  it('leaves no gap and no overlap, in many zones and across their changes', () => {
    const whole = range('2026-01-15T07:13:21.5Z', '2026-12-20T00:00:00Z');
    for (const zone of ['Europe/Berlin', 'Asia/Kathmandu', 'Pacific/Chatham', 'Asia/Gaza']) {
      for (const unit of ['hour', 'day', 'week', 'month'] as const) {
        const { starts } = timeBuckets(whole, unit, zone);
        expect(starts[0]).toBeLessThanOrEqual(whole.from);
        expect(starts[1]).toBeGreaterThan(whole.from);
        expect(starts.every((start, index) => index === 0 || start > starts[index - 1]!)).toBe(
          true,
        );
        // The same buckets, wherever one begins to look.
        const later = timeBuckets({ from: starts[2]! + 1, to: whole.to }, unit, zone);
        expect(later.starts).toEqual(starts.slice(2));
      }
    }
  });

  it('leaves out a day that a zone left out', () => {
    expect(labels('2011-12-29T10:00:00Z', '2011-12-31T10:00:00Z', 'day', 'Pacific/Apia')).toEqual([
      '2011-12-29T00:00:00-10:00',
      '2011-12-31T00:00:00+14:00',
    ]);
  });
});

describe('resolveRange', () => {
  const now = at('2026-03-15T11:22:33.444Z');
  const resolve = (given: Parameters<typeof resolveRange>[0], zone = 'UTC') =>
    resolveRange(given, zone, now, { from: 1, to: 2 });

  it('ends rolling ranges now', () => {
    expect(resolve({ rollingMs: 3_600_000 })).toEqual({ from: now - 3_600_000, to: now });
  });

  it("takes the zone's current month and year", () => {
    expect(resolve({ current: 'month' }, 'Europe/Berlin')).toEqual(
      range('2026-02-28T23:00:00Z', '2026-03-31T22:00:00Z'),
    );
    expect(resolve({ current: 'year' })).toEqual(
      range('2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z'),
    );
    expect(resolve('all')).toEqual({ from: 1, to: 2 });
  });

  it('compares months with months, days with days, and the rest with as long a time', () => {
    const compare = (from: string, to: string, by: 'previous_period' | 'previous_year') =>
      comparedRange(range(from, to), 'Europe/Berlin', by);
    expect(compare('2026-02-28T23:00:00Z', '2026-03-31T22:00:00Z', 'previous_period')).toEqual(
      range('2026-01-31T23:00:00Z', '2026-02-28T23:00:00Z'),
    );
    // Seven days, one of them an hour short.
    expect(compare('2026-03-27T23:00:00Z', '2026-04-03T22:00:00Z', 'previous_period')).toEqual(
      range('2026-03-20T23:00:00Z', '2026-03-27T23:00:00Z'),
    );
    expect(compare('2026-03-01T10:00:00Z', '2026-03-01T11:00:00Z', 'previous_period')).toEqual(
      range('2026-03-01T09:00:00Z', '2026-03-01T10:00:00Z'),
    );
    expect(compare('2026-03-31T22:00:00Z', '2026-04-30T22:00:00Z', 'previous_year')).toEqual(
      range('2025-03-31T22:00:00Z', '2025-04-30T22:00:00Z'),
    );
  });
});
