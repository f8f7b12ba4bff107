import { describe, expect, it } from '@jest/globals';
import { addDays, addMonths, dayOf, daysBetween, isDay } from './dates.js';

describe('days of the calendar', () => {
  it.each([
    ['2026-02-28', 1, '2026-03-01'],
    ['2024-02-28', 1, '2024-02-29'],
    ['2026-01-01', -1, '2025-12-31'],
    ['2026-03-29', 1, '2026-03-30'],
  ])('%s and %d days is %s', (day, days, expected) => {
    expect(addDays(day, days)).toBe(expected);
    expect(daysBetween(day, expected)).toBe(days);
  });

  it.each([
    ['2026-03-31', -1, '2026-02-28'],
    ['2024-03-31', -1, '2024-02-29'],
    ['2026-01-15', -1, '2025-12-15'],
    ['2024-02-29', -12, '2023-02-28'],
    ['2026-11-30', 3, '2027-02-28'],
  ])('%s and %d months is %s', (day, months, expected) => {
    expect(addMonths(day, months)).toBe(expected);
  });

  it('differ by zone', () => {
    const ms = Date.parse('2026-11-26T23:30:00Z');
    expect(dayOf(ms, 'UTC')).toBe('2026-11-26');
    expect(dayOf(ms, 'Europe/Berlin')).toBe('2026-11-27');
    expect(dayOf(ms, 'Pacific/Kiritimati')).toBe('2026-11-27');
    expect(dayOf(ms, 'America/Los_Angeles')).toBe('2026-11-26');
  });

  it.each(['2026-02-30', '2026-13-01', '2026-1-1', 'today', ''])('%s is none', (text) => {
    expect(isDay(text)).toBe(false);
  });
});
