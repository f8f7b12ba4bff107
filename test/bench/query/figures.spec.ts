import { describe, expect, it } from '@jest/globals';
import { expectSame, hoursOf, type Said } from './figures.js';

const said = (whole: number[], hours: [number, number[]][]): Said => ({
  whole,
  hours: hoursOf(hours),
});

describe('expectSame', () => {
  it('takes hours in any order, with or without those that are empty', () => {
    const one = said([2, 5], [[0, [1, 2]], [3_600_000, [0, 0]], [7_200_000, [2, 3]]]); // prettier-ignore
    const other = said([2, 5], [[7_200_000, [2, 3]], [0, [1, 2]]]); // prettier-ignore
    expect(() => expectSame(one, other)).not.toThrow();
  });

  it.each([
    [said([2, 6], []), 'in all: answered 2,6, SQL says 2,5'],
    [said([2, 5], [[0, [1, 2]]]), '1970-01-01T00:00:00.000Z: answered 1,2, SQL says nothing'],
  ])('tells what differs', (found, message) => {
    expect(() => expectSame(found, said([2, 5], []))).toThrow(message);
  });
});
