import { describe, expect, it } from '@jest/globals';
import { countEarlyEnds, restartPause } from './restart-pause.js';

describe('restartPause', () => {
  it('is none for a first end, then grows, to 30 seconds', () => {
    const pauses = [0, 1, 2, 3, 4, 5, 6, 7, 8, 5_000].map(restartPause);
    const seconds = [0, 0, 1, 2, 4, 8, 16, 30, 30, 30];
    expect(pauses).toEqual(seconds.map((value) => value * 1_000));
  });
});

describe('countEarlyEnds', () => {
  it('counts on while workers end within a minute, and anew after one that did not', () => {
    expect(countEarlyEnds(0, 0)).toBe(1);
    expect(countEarlyEnds(3, 59_999)).toBe(4);
    expect(countEarlyEnds(4, 60_000)).toBe(0);
  });
});
