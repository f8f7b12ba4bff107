import { coverMinutes, MINUTE_MS, type Run } from '../../rollup/grains.js';
import type { Range } from '../language/query.js';
import { firstPlace } from './first-place.js';

/** What one bucket of the answer is read from. */
export interface Cover {
  /** Buckets of the rollups. */
  runs: Run[];
  /** Whole minutes of them, and of the deltas that wait: half-open, in minutes. */
  minutes: [number, number][];
  /** Parts of time whose raw events are read: finer than a minute, or to be read anew. */
  raw: Range[];
}

/**
 * Covers a range by the fewest buckets.
 *
 * @param holes minutes whose rollups don't count, in rising order
 */
export function coverRange({ from, to }: Range, holes: readonly number[]): Cover {
  const first = Math.ceil(from / MINUTE_MS);
  const last = Math.floor(to / MINUTE_MS);
  if (first >= last) return { runs: [], minutes: [], raw: from < to ? [{ from, to }] : [] };
  const raw: Range[] = [];
  if (from < first * MINUTE_MS) raw.push({ from, to: first * MINUTE_MS });
  const minutes: [number, number][] = [];
  let start = first;
  for (const hole of within(holes, first, last)) {
    if (hole > start) minutes.push([start, hole]);
    pushRaw(raw, hole);
    start = hole + 1;
  }
  if (start < last) minutes.push([start, last]);
  if (to > last * MINUTE_MS) raw.push({ from: last * MINUTE_MS, to });
  return { runs: minutes.flatMap(([begin, end]) => coverMinutes(begin, end)), minutes, raw };
}

/** Minutes that follow on each other are read together. */
function pushRaw(raw: Range[], minute: number): void {
  const last = raw.at(-1);
  const [from, to] = [minute * MINUTE_MS, (minute + 1) * MINUTE_MS];
  if (last?.to === from && last.from % MINUTE_MS === 0) last.to = to;
  else raw.push({ from, to });
}

function within(sorted: readonly number[], from: number, to: number): readonly number[] {
  const placeOf = (minute: number): number => firstPlace(sorted, (item) => item >= minute);
  return sorted.slice(placeOf(from), placeOf(to));
}

/** The same buckets, in as few runs as they can be named by. */
export function mergeRuns(runs: readonly Run[]): Run[] {
  const sorted = runs.toSorted((one, other) => one.grain - other.grain || one.from - other.from);
  const merged: Run[] = [];
  for (const run of sorted) {
    const last = merged.at(-1);
    if (last?.grain === run.grain && run.from <= last.to) last.to = Math.max(last.to, run.to);
    else merged.push({ ...run });
  }
  return merged;
}
