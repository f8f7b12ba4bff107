import { describe, expect, it } from '@jest/globals';
import { isOpenAfter } from './csv-records.js';

describe('isOpenAfter', () => {
  it.each([
    ['', false, false],
    ['a,b', false, false],
    ['"a', false, true],
    ['"a"', false, false],
    ['a,"b,', false, true],
    ['"a""', false, true],
    ['"a"""', false, false],
    ['"",""', false, false],
    ['5",6"', false, false],
    ['5","6', false, true],
    ['a,"b"c","d', false, true],
    ['a,b', true, true],
    ['', true, true],
    ['a""b', true, true],
    ['a"', true, false],
    ['a","b', true, true],
    ['"', true, false],
  ])('%j, %p before: %p', (text, open, expected) => {
    expect(isOpenAfter(text, open)).toBe(expected);
  });
});
