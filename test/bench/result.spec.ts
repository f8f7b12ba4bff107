import { describe, expect, it } from '@jest/globals';
import { isMet, toRow, type Result } from './result.js';

const batches: Result = {
  storage: 'plain',
  what: 'batches',
  against: 'COPY',
  unit: 'events/s',
  rounds: [70_000, 50_000, 60_000],
  referenceRounds: [100_000, 90_000, 120_000],
  required: { atLeast: 0.6 },
};
const memory: Result = {
  storage: 'plain',
  what: 'memory',
  against: '',
  unit: 'MB',
  rounds: [299],
  referenceRounds: [],
  required: { below: 300 },
};

describe('a result', () => {
  it('compares the medians', () => {
    expect(toRow(batches)).toEqual([
      'plain',
      'batches',
      '60,000 events/s',
      'COPY: 100,000 events/s',
      '0.6',
      'at least 0.6',
      'yes',
    ]);
  });

  it('judges a figure itself where there is nothing to compare it with', () => {
    expect(toRow(memory)).toEqual(['plain', 'memory', '299 MB', '', '–', 'under 300', 'yes']);
    expect(isMet({ ...memory, rounds: [300] })).toBe(false);
  });

  it('tells how many times faster something is', () => {
    const faster: Result = {
      ...batches,
      unit: 'ms',
      rounds: [20],
      referenceRounds: [500],
      timesFaster: true,
      required: { atLeast: 25 },
    };
    expect(toRow(faster).slice(2)).toEqual(['20 ms', 'COPY: 500 ms', '25', 'at least 25', 'yes']);
    expect(isMet({ ...faster, required: { atLeast: 26 } })).toBe(false);
  });

  it('may be exactly what it may be at most', () => {
    const most = { ...memory, required: { atMost: 299 } };
    expect(toRow(most).slice(-2)).toEqual(['at most 299', 'yes']);
    expect(isMet({ ...most, rounds: [300] })).toBe(false);
  });

  it('is never met by rounding', () => {
    expect(isMet({ ...batches, rounds: [59_999] })).toBe(false);
  });

  it('says why there are no figures', () => {
    const failed = { ...batches, rounds: [], referenceRounds: [], failure: 'answered 415' };
    expect(isMet(failed)).toBeUndefined();
    expect(toRow(failed).at(-1)).toBe('FAILED: answered 415');
  });

  it('only reports where nothing is required', () => {
    const { required: _, ...reported } = batches;
    expect(toRow(reported).slice(-2)).toEqual(['reported', '–']);
  });
});
