/** Lengths of buckets in minutes, the smallest first. All begin at whole multiples, in UTC. */
export const GRAINS = [1, 15, 60, 1440] as const;

export type Grain = (typeof GRAINS)[number];

export const MINUTE = 1;
export const DAY: Grain = 1440;
export const MINUTE_MS = 60_000;

/** Stands for all names together. */
export const ALL_NAMES = 0;
/** Stands for all names of a source past its limit. */
export const OTHER_NAMES = -1;
/** How many names of a source are rolled up by themselves. */
export const NAMES_PER_SOURCE = 1_000;

/** The start of the bucket that a minute lies in. Minutes count from 1970-01-01T00:00Z. */
export function bucketOf(minute: number, grain: Grain): number {
  return Math.floor(minute / grain) * grain;
}

/** A run of buckets of one length, from the first's start to the last's end, in minutes. */
export interface Run {
  grain: Grain;
  from: number;
  to: number;
}

/**
 * Covers whole minutes with the fewest buckets: days in the middle, smaller ones towards both ends.
 *
 * @param from the first minute
 * @param to the minute behind the last
 */
export function coverMinutes(from: number, to: number): Run[] {
  return cover(from, to, GRAINS.length - 1);
}

function cover(from: number, to: number, size: number): Run[] {
  if (from >= to) return [];
  const grain = GRAINS[size]!;
  if (size === 0) return [{ grain, from, to }];
  const first = Math.ceil(from / grain) * grain;
  const last = Math.floor(to / grain) * grain;
  if (first >= last) return cover(from, to, size - 1);
  return [
    ...cover(from, first, size - 1),
    { grain, from: first, to: last },
    ...cover(last, to, size - 1),
  ];
}
