import { describe, expect, it } from '@jest/globals';
import { FIRST_TIME } from '../dataset.js';
import { hourData, hourEnd, monthData, rangeOfMinutes, tenthData } from './data-sets.js';
import { FULL_QUERY_PLAN } from './plan.js';

const HOUR_MS = 3_600_000;

describe('data sets', () => {
  it('lie apart, and before what is written while they are read', () => {
    const plan = { ...FULL_QUERY_PLAN, days: 365 };
    const [tenth, month, hour] = [tenthData(plan), monthData(plan), hourData(plan)];
    expect(tenth.to).toBeLessThan(month.from);
    expect(month.to).toBeLessThan(hour.from);
    expect(hour.to).toBeLessThan(FIRST_TIME);
  });

  it('give an hour within them for each round, from no full second', () => {
    const hour = hourData(FULL_QUERY_PLAN);
    for (const index of [0, 1, 100]) {
      const end = hourEnd(hour, index);
      expect(end % 1_000).not.toBe(0);
      expect(end - HOUR_MS).toBeGreaterThan(hour.from);
      expect(end).toBeLessThan(hour.to);
    }
  });

  it('give ranges of whole minutes, but not of quarters', () => {
    const { from, to } = rangeOfMinutes(monthData(FULL_QUERY_PLAN), 3);
    expect([from % 60_000, to % 60_000]).toEqual([0, 0]);
    expect(from % (15 * 60_000)).not.toBe(0);
    expect(to % (15 * 60_000)).not.toBe(0);
  });
});
