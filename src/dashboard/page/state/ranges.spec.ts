import { describe, expect, it } from '@jest/globals';
import {
  allowsInterval,
  comparedRange,
  intervalFor,
  INTERVALS,
  PRESETS,
  resolveRange,
  type ChosenRange,
  type Comparison,
  type Preset,
} from './ranges.js';

const BERLIN = 'Europe/Berlin';
/** Thursday, half past two in Berlin. */
const NOW = Date.parse('2026-11-26T13:30:20Z');
const END = '2026-11-26T13:31:00Z';

function rangeOf(chosen: ChosenRange, zone = BERLIN) {
  return resolveRange(chosen, zone, NOW).range;
}

function compared(chosen: ChosenRange, comparison: Comparison = 'previous', zone = BERLIN) {
  return comparedRange(chosen, resolveRange(chosen, zone, NOW), comparison, zone);
}

describe('ranges', () => {
  it.each<[Preset, string, string]>([
    ['1h', '2026-11-26T12:31:00Z', END],
    ['24h', '2026-11-25T13:31:00Z', END],
    ['today', '2026-11-26', END],
    ['yesterday', '2026-11-25', '2026-11-26'],
    ['7d', '2026-11-20', END],
    ['30d', '2026-10-28', END],
    ['month', '2026-11-01', END],
    ['last-month', '2026-10-01', '2026-11-01'],
    ['year', '2026-01-01', END],
    ['12m', '2025-12-01', END],
  ])('%s is %s to %s', (preset, from, to) => {
    expect(rangeOf(preset)).toEqual([from, to]);
  });

  it('follow the zone', () => {
    expect(rangeOf('today', 'Pacific/Kiritimati')).toEqual(['2026-11-27', END]);
    expect(rangeOf('yesterday', 'Pacific/Honolulu')).toEqual(['2026-11-25', '2026-11-26']);
  });

  it('are running while they are not over', () => {
    expect(resolveRange('yesterday', BERLIN, NOW).isRunning).toBe(false);
    expect(resolveRange('30d', BERLIN, NOW).isRunning).toBe(true);
  });

  it('know how long they are, where clocks change, too', () => {
    const HOUR = 3_600_000;
    const lengthOf = (from: string, to: string) => resolveRange([from, to], BERLIN, NOW).length;
    expect(lengthOf('2026-10-25', '2026-10-26')).toBe(25 * HOUR);
    expect(lengthOf('2026-03-29', '2026-03-30')).toBe(23 * HOUR);
  });
});

describe('what a range is compared with', () => {
  it.each<[ChosenRange, string, string]>([
    // As much of yesterday as there was of today.
    ['today', '2026-11-25', '2026-11-25T13:31:00Z'],
    ['yesterday', '2026-11-24', '2026-11-25'],
    ['7d', '2026-11-13', '2026-11-19T13:31:00Z'],
    ['1h', '2026-11-26T11:31:00Z', '2026-11-26T12:31:00Z'],
    ['24h', '2026-11-24T13:31:00Z', '2026-11-25T13:31:00Z'],
    ['month', '2026-10-01', '2026-10-26T13:31:00Z'],
    ['last-month', '2026-09-01', '2026-10-01'],
    ['year', '2025-01-01', '2025-11-26T13:31:00Z'],
    [['2015-05-19', '2015-05-21'], '2015-05-17', '2015-05-19'],
    [
      ['2026-05-19T10:00:00Z', '2026-05-19T12:00:00Z'],
      '2026-05-19T08:00:00Z',
      '2026-05-19T10:00:00Z',
    ],
  ])('%s: %s to %s', (chosen, from, to) => {
    expect(compared(chosen)).toEqual([from, to]);
  });

  it('is the year before, where that is asked for', () => {
    expect(compared('7d', 'year')).toEqual(['2025-11-20', '2025-11-26T13:31:00Z']);
    expect(compared(['2024-02-01', '2024-03-01'], 'year')).toEqual(['2023-02-01', '2023-03-01']);
  });

  it.each([
    ['America/New_York', '2026-11-01T19:29:30Z', '2026-10-31T18:30:00Z'],
    ['Europe/Berlin', '2026-03-29T12:29:30Z', '2026-03-28T13:30:00Z'],
  ])('is until the same time where clocks change: today in %s', (zone, now, until) => {
    const ms = Date.parse(now);
    const range = comparedRange('today', resolveRange('today', zone, ms), 'previous', zone);
    expect(range![1]).toBe(until);
  });

  it('is nothing for a day that was not there', () => {
    const zone = 'UTC';
    const chosen: ChosenRange = ['2024-02-29', '2024-03-01'];
    expect(comparedRange(chosen, resolveRange(chosen, zone, NOW), 'year', zone)).toEqual([
      '2023-02-28',
      '2023-03-01',
    ]);
    const day: ChosenRange = ['2024-02-28', '2024-02-29'];
    expect(comparedRange(day, resolveRange(day, zone, NOW), 'year', zone)).toBeUndefined();
  });

  it('is nothing for all time, and where nothing is asked for', () => {
    expect(compared('all')).toBeUndefined();
    expect(compared('7d', 'none')).toBeUndefined();
  });
});

describe('the interval of a chart', () => {
  it.each<[Preset, string]>([
    ['1h', 'minute'],
    ['24h', 'hour'],
    ['today', 'hour'],
    ['7d', 'day'],
    ['30d', 'day'],
    ['90d', 'day'],
    ['12m', 'week'],
  ])('of %s is a %s', (preset, interval) => {
    expect(intervalFor(resolveRange(preset, BERLIN, NOW).length)).toBe(interval);
  });

  it('that is chosen by itself may be chosen, too', () => {
    for (const preset of Object.keys(PRESETS) as Preset[]) {
      const { length } = resolveRange(preset, BERLIN, NOW);
      expect(allowsInterval(intervalFor(length), length)).toBe(true);
    }
  });

  it('makes no more points than can be drawn', () => {
    const { length } = resolveRange('12m', BERLIN, NOW);
    expect(INTERVALS.filter((interval) => allowsInterval(interval, length))).toEqual([
      'day',
      'week',
      'month',
    ]);
  });
});
