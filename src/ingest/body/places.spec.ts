import { describe, expect, it } from '@jest/globals';
import { Places } from './places.js';

describe('Places', () => {
  it('are had by so many at once, and then by those that wait, in their order', async () => {
    const places = new Places(2);
    const entered: number[] = [];
    const visits = [1, 2, 3, 4].map(async (visitor) => {
      expect(await places.take(5_000)).toBe(true);
      entered.push(visitor);
    });
    await Promise.all(visits.slice(0, 2));
    expect(entered).toEqual([1, 2]);
    places.give();
    places.give();
    await Promise.all(visits);
    expect(entered).toEqual([1, 2, 3, 4]);
  });

  it('are waited for no longer than is said', async () => {
    const places = new Places(1);
    expect(await places.take(0)).toBe(true);
    expect(await places.take(10)).toBe(false);
    places.give();
    expect(await places.take(0)).toBe(true);
  });
});
