import { describe, expect, it } from '@jest/globals';
import { Sample } from './sample.js';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('a sample', () => {
  it('keeps everything, in order, where there is little', () => {
    const sample = new Sample<number>(100);
    sample.offer(numbers(150), 0);
    sample.offer([150, 151], 50);
    expect(sample.take(60)).toEqual({ items: numbers(152), omitted: 0 });
    expect(sample.isEmpty).toBe(true);
    expect(sample.take(61)).toEqual({ items: [], omitted: 0 });
  });

  it('keeps 200 of a flood, some from its end, in order, and counts the others', () => {
    const sample = new Sample<number>(100);
    sample.offer(numbers(10_000), 0);
    const { items, omitted } = sample.take(0);
    expect(items).toHaveLength(200);
    expect(omitted).toBe(9_800);
    expect(items).toEqual(items.toSorted((a, b) => a - b));
    expect(items.at(-1)).toBeGreaterThan(5_000);
  });

  it('lets 200 a second pass, however they come', () => {
    const sample = new Sample<number>(100);
    const taken = numbers(101).map((round) => {
      sample.offer(numbers(700), round * 100);
      return sample.take(round * 100 + 99).items.length;
    });
    const total = taken.reduce((sum, count) => sum + count, 0);
    expect(total).toBeGreaterThan(2_100);
    expect(total).toBeLessThanOrEqual(2_240);
    expect(Math.max(...taken.slice(1))).toBeLessThanOrEqual(40);
  });

  it('takes any of them as soon as another', () => {
    const first = new Sample<number>(0, () => 0);
    first.offer(numbers(203), 0);
    expect(first.take(0)).toEqual({ items: numbers(203).slice(3), omitted: 3 });
    const last = new Sample<number>(0, () => 0.999_999);
    last.offer(numbers(203), 0);
    expect(last.take(0)).toEqual({ items: numbers(200), omitted: 3 });
  });

  it('tells of what could not be sent', () => {
    const sample = new Sample<number>(100);
    sample.miss(3);
    expect(sample.isEmpty).toBe(false);
    sample.offer([1], 0);
    expect(sample.take(0)).toEqual({ items: [1], omitted: 3 });
  });
});
