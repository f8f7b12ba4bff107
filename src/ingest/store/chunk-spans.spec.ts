import { describe, expect, it } from '@jest/globals';
import { chunkSpan } from './chunk-spans.js';

const DAY = 24 * 3_600_000;
const WEEK = 7 * DAY;
const now = Date.parse('2026-11-24T09:30:00Z');

describe('chunkSpan', () => {
  it.each([
    ['2026-11-24T09:30:00Z', WEEK],
    ['2027-11-24T09:30:00Z', WEEK],
    ['2025-11-25T09:30:00Z', WEEK],
    ['2025-11-23T09:30:00Z', 28 * DAY],
    ['2021-11-26T00:00:00Z', 28 * DAY],
    ['2021-11-22T00:00:00Z', 182 * DAY],
    ['1997-01-01T00:00:00Z', 182 * DAY],
    ['1996-01-01T00:00:00Z', 36_400 * DAY],
    ['1969-12-31T23:59:59.999Z', 36_400 * DAY],
    ['0001-01-01T00:00:00Z', 36_400 * DAY],
  ])('is the longer the older %s is', (text, length) => {
    const time = Date.parse(text);
    const span = chunkSpan(time, now, WEEK);
    expect(span.length).toBe(length);
    expect(span.start).toBeLessThanOrEqual(time);
    expect(span.start + length).toBeGreaterThan(time);
  });

  it("is never shorter than the table's own", () => {
    for (const length of [DAY, WEEK, 365 * DAY, 36_500 * DAY]) {
      expect(chunkSpan(0, now, length).length).toBeGreaterThanOrEqual(length);
    }
  });

  it('makes some 200 chunks of all weeks that were ever', () => {
    const starts = new Set<number>();
    for (let time = Date.parse('0001-01-01T00:00:00Z'); time < now; time += WEEK) {
      starts.add(chunkSpan(time, now, WEEK).start);
    }
    expect(starts.size).toBeGreaterThan(150);
    expect(starts.size).toBeLessThan(200);
  });
});
