import { describe, expect, it } from '@jest/globals';
import { BufferPool } from './buffer-pool.js';

const MB = 1024 * 1024;

describe('BufferPool', () => {
  it('gives a buffer again that was given back, and to one only', () => {
    const pool = new BufferPool(2);
    const first = pool.take(1_000);
    expect(first.length).toBeGreaterThanOrEqual(1_000);
    pool.give(first);
    expect(pool.take(2_000)).toBe(first);
    expect(pool.take(2_000)).not.toBe(first);
  });

  it('gives none that is too small', () => {
    const pool = new BufferPool(2);
    pool.give(pool.take(1_000));
    expect(pool.take(3 * MB).length).toBeGreaterThanOrEqual(3 * MB);
  });

  it('keeps the largest ones, as many as it may, and no giant', () => {
    const pool = new BufferPool(2);
    const sizes = [0.2, 1, 2].map((size) => pool.take(size * MB));
    const giant = pool.take(10 * MB);
    for (const buffer of [...sizes, giant]) pool.give(buffer);
    const again = [0.2, 0.2, 0.2].map((size) => pool.take(size * MB));
    expect(again.slice(0, 2)).toEqual([sizes[1], sizes[2]]);
    expect(again[0]).toBe(sizes[1]);
    expect(again[1]).toBe(sizes[2]);
    expect([...sizes, giant]).not.toContain(again[2]);
  });
});
