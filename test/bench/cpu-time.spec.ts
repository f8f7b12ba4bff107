import { describe, expect, it } from '@jest/globals';
import { parseTimes } from './cpu-time.js';

describe('parseTimes', () => {
  it('reads the times of a process whose name looks like fields', () => {
    const stat = '812 (a) b (c)) S 7 812 812 0 -1 4194560 1 2 3 4 150 50 20 5 20 0 1 0 99 1 2';
    expect(parseTimes(stat)).toEqual({ parent: 7, ownMs: 2_000, reapedMs: 250 });
  });
});
