import { describe, expect, it } from '@jest/globals';
import { OptionsError, STORAGES } from '../options.js';
import { QUERY_PARTS, readQueryOptions } from './options.js';
import { FULL_QUERY_PLAN, QUICK_QUERY_PLAN } from './plan.js';

describe('readQueryOptions', () => {
  it('takes all of it by default', () => {
    expect(readQueryOptions([])).toEqual({
      help: false,
      storages: STORAGES,
      parts: QUERY_PARTS,
      plan: FULL_QUERY_PLAN,
      json: undefined,
    });
  });

  it('takes sizes, in place of those of a quick run as well', () => {
    const args = ['--quick', '--events', '1000', '--hour-users', '10', '--only', 'hour'];
    const { plan, parts } = readQueryOptions(args);
    expect(plan).toEqual({ ...QUICK_QUERY_PLAN, events: 1_000, hourUsers: 10 });
    expect(parts).toEqual(['hour']);
  });

  it.each([
    ['--events', '0'],
    ['--events', '1e6'],
    ['--days', '366'],
    ['--only', 'single'],
  ])('refuses %s %s', (...args) => {
    expect(() => readQueryOptions(args)).toThrow(OptionsError);
  });
});
