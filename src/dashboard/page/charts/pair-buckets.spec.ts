import { describe, expect, it } from '@jest/globals';
import { pairBuckets } from './pair-buckets.js';

const HOUR = 3_600_000;
const BERLIN = 'Europe/Berlin';

function hours(from: string, count: number): number[] {
  return Array.from({ length: count }, (_, index) => Date.parse(from) + index * HOUR);
}

describe('pairBuckets', () => {
  it('goes by the place where no clock changes', () => {
    const pairs = pairBuckets(
      hours('2026-05-02T22:00:00Z', 24),
      hours('2026-05-01T22:00:00Z', 20),
      BERLIN,
    );
    expect(pairs.slice(0, 20)).toEqual(Array.from({ length: 20 }, (_, index) => index));
    expect(pairs.slice(20)).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('compares the same time of a day of 25 hours and one of 24', () => {
    const long = hours('2026-10-24T22:00:00Z', 25);
    const usual = hours('2026-10-23T22:00:00Z', 24);
    const pairs = pairBuckets(long, usual, BERLIN);
    // Two o'clock comes twice.
    expect(pairs.slice(0, 6)).toEqual([0, 1, 2, 2, 3, 4]);
    expect(pairs.at(-1)).toBe(23);
  });

  it('leaves an hour out that a day of 23 hours has not', () => {
    const usual = hours('2026-03-29T22:00:00Z', 24);
    const short = hours('2026-03-28T23:00:00Z', 23);
    expect(pairBuckets(usual, short, BERLIN).slice(0, 5)).toEqual([0, 1, undefined, 2, 3]);
  });

  it('goes by the place of days, however long they are', () => {
    const days = [hours('2026-10-24T22:00:00Z', 1)[0]!, hours('2026-10-25T23:00:00Z', 1)[0]!];
    const before = [hours('2026-10-22T22:00:00Z', 1)[0]!, hours('2026-10-23T22:00:00Z', 1)[0]!];
    expect(pairBuckets(days, before, BERLIN)).toEqual([0, 1]);
  });
});
