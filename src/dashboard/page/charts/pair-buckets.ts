import { offsetAt } from '../state/dates.js';

const MAX_FINE_MS = 3_600_000;

/**
 * Which bucket of a compared range each bucket is compared with: the one of the same time by the zone's
 * clocks, counted from the beginning. Without a change of clocks that's the one of the same place.
 *
 * @param times where buckets begin, in milliseconds
 * @returns places among `comparedTimes`
 */
export function pairBuckets(
  times: readonly number[],
  comparedTimes: readonly number[],
  zone: string,
): (number | undefined)[] {
  const isFine = times.length > 1 && times[1]! - times[0]! <= MAX_FINE_MS;
  const hasChange = [times, comparedTimes].some(
    (all) => all.length > 0 && offsetAt(all[0]!, zone) !== offsetAt(all.at(-1)!, zone),
  );
  if (!isFine || !hasChange) {
    return times.map((_, index) => (index < comparedTimes.length ? index : undefined));
  }
  const wallsOf = (all: readonly number[]): number[] => {
    const begin = all[0]! + offsetAt(all[0]!, zone);
    return all.map((ms) => ms + offsetAt(ms, zone) - begin);
  };
  // The first of two hours that clocks show twice.
  const places = new Map<number, number>();
  for (const [place, wall] of wallsOf(comparedTimes).entries()) {
    if (!places.has(wall)) places.set(wall, place);
  }
  return wallsOf(times).map((wall) => places.get(wall));
}
