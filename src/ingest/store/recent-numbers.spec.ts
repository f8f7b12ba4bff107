import { describe, expect, it } from '@jest/globals';
import { RecentNumbers } from './recent-numbers.js';

describe('RecentNumbers', () => {
  it('keeps what is used, and is bounded', () => {
    const numbers = new RecentNumbers(10);
    for (let number = 0; number < 1_000; number += 1) {
      numbers.set(`once-${number}`, number);
      if (number % 3 === 0) numbers.set('often', 7);
      expect(numbers.get('often')).toBe(7);
    }
    const kept = Array.from({ length: 1_000 }, (_, number) => numbers.get(`once-${number}`));
    const count = kept.filter((number) => number !== undefined).length;
    expect(count).toBeGreaterThan(3);
    expect(count).toBeLessThan(10);
    expect(numbers.get('once-999')).toBe(999);
  });

  it('forgets all when told to', () => {
    const numbers = new RecentNumbers(4);
    for (const key of ['a', 'b', 'c']) numbers.set(key, 1);
    numbers.clear();
    expect(['a', 'b', 'c'].map((key) => numbers.get(key))).toEqual(Array(3).fill(undefined));
  });
});
