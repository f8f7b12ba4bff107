import { describe, expect, it } from '@jest/globals';
import { bucketText, bytesText, changeOf, durationText, figureText } from './format.js';

describe('figures for people', () => {
  it.each([
    ['unique_users', 1234567, '1,234,567'],
    ['ctr', 0.1954, '19.5%'],
    ['events_per_user', 2.61803, '2.62'],
    ['ctr', null, '–'],
    ['clicks', undefined, '–'],
  ])('%s %d is %s', (metric, value, text) => {
    expect(figureText(metric, value)).toBe(text);
  });

  it.each([
    [12, 10, 0.2],
    [5, 10, -0.5],
    [10, 10, 0],
    [1, 0, undefined],
    [null, 1, undefined],
    [1, undefined, undefined],
  ])('%s after %s has changed by %s', (now, before, change) => {
    const found = changeOf(now, before);
    expect(found === undefined ? undefined : Number(found.toFixed(9))).toBe(change);
  });

  it.each([
    [0.04, '0 s'],
    [14, '14 s'],
    [90, '1.5 min'],
    [5_400, '1.5 h'],
    [200_000, '2.3 d'],
  ])('%d seconds are %s', (seconds, text) => {
    expect(durationText(seconds)).toBe(text);
  });

  it.each([
    [900, '900 bytes'],
    [2_370_789, '2.37 MB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(bytesText(bytes)).toBe(text);
  });

  it('a bucket is told in its zone, as precisely as it is one', () => {
    const ms = Date.parse('2026-11-26T23:00:00Z');
    expect(bucketText(ms, 'hour', 'Europe/Berlin')).toBe('Fri, 27 Nov 2026, 00:00');
    expect(bucketText(ms, 'day', 'UTC')).toBe('Thu, 26 Nov 2026');
    expect(bucketText(ms, 'week', 'UTC')).toBe('Week of 26 Nov 2026');
    expect(bucketText(ms, 'month', 'UTC')).toBe('November 2026');
  });
});
