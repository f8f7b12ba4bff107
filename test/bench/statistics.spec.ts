import { describe, expect, it } from '@jest/globals';
import { growthOverLastHalf, median, percentile } from './statistics.js';

describe('percentile', () => {
  it('is one of the values, by nearest rank', () => {
    const values = Array.from({ length: 200 }, (_, index) => 200 - index);
    expect(percentile(values, 0.99)).toBe(198);
    expect(percentile(values, 0.5)).toBe(100);
    expect(percentile(values, 1)).toBe(200);
    expect(percentile(values, 0)).toBe(1);
  });

  it('compares numbers, not their text', () => {
    expect(percentile([9, 10, 100], 0.5)).toBe(10);
  });

  it('needs values', () => {
    expect(() => percentile([], 0.99)).toThrow(RangeError);
  });
});

describe('median', () => {
  it('is the middle value, or the mean of the two in the middle', () => {
    expect(median([100, 9, 10])).toBe(10);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([7])).toBe(7);
  });

  it('leaves the order of what it is given', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });

  it('needs values', () => {
    expect(() => median([])).toThrow(RangeError);
  });
});

describe('growthOverLastHalf', () => {
  it('compares the fourth quarter with the third', () => {
    expect(growthOverLastHalf([1, 1, 50, 50, 100, 100, 110, 110])).toBeCloseTo(0.1);
    expect(growthOverLastHalf([1, 2, 3, 3])).toBe(0);
  });

  it('is negative for what shrinks', () => {
    expect(growthOverLastHalf([1, 1, 100, 50])).toBeCloseTo(-0.5);
  });

  it('needs four values', () => {
    expect(() => growthOverLastHalf([1, 2, 3])).toThrow(RangeError);
  });
});
