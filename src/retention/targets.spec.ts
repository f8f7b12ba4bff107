import { describe, expect, it } from '@jest/globals';
import { horizonTargets } from './targets.js';

const DAY = 1_440;
/** Day 20,000 since 1970, in the evening. */
const NOW = (20_000 * DAY + 1_200) * 60_000;
const SOURCES = [
  { id: 1, name: 'default' },
  { id: 2, name: 'shop' },
  { id: 3, name: 'app' },
];
const day = (number: number): number => number * DAY;

describe('horizonTargets', () => {
  it.each([
    [{}, undefined, [], undefined],
    [{ days: 90 }, day(19_910), [], undefined],
    [{ sources: new Map([['shop', 30]]) }, undefined, [[2, day(19_970)]], undefined],
    [{ sources: new Map([['unknown', 30]]) }, undefined, [], undefined],
    [
      { days: 90, sources: new Map([['app', 400]]), rollupDays: 800 },
      day(19_600),
      [
        [1, day(19_910)],
        [2, day(19_910)],
      ],
      day(19_200),
    ],
    [{ days: 90, sources: new Map([['unknown', 30]]) }, day(19_910), [], undefined],
  ])('for %j', (options, all, sources, rollups) => {
    expect(horizonTargets(options, SOURCES, NOW)).toEqual({
      all,
      sources: new Map(sources as [number, number][]),
      rollups,
    });
  });

  it('stays at the start of a day until it is over', () => {
    const targets = [0, DAY - 1, DAY].map(
      (minute) => horizonTargets({ days: 1 }, [], (20_000 * DAY + minute) * 60_000).all,
    );
    expect(targets).toEqual([day(19_999), day(19_999), day(20_000)]);
  });
});
