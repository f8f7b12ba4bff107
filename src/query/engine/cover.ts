import { coverMinutes, MINUTE, MINUTE_MS, type Run } from '../../rollup/grains.js';
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
  /** Minutes to be read anew whose raw events are gone of some sources: of these their rollups count. */
  halfGone: Run[];
}

/**
 * Covers a range by the fewest buckets.
 *
 * @param holes minutes whose rollups don't count, in rising order
 * @param horizon the minute from which raw events of every source are there
 */
export function coverRange({ from, to }: Range, holes: readonly number[], horizon: number): Cover {
  const first = Math.ceil(from / MINUTE_MS);
  const last = Math.floor(to / MINUTE_MS);
  if (first >= last) {
    return { runs: [], minutes: [], raw: from < to ? [{ from, to }] : [], halfGone: [] };
  }
  const raw: Range[] = [];
  if (from < first * MINUTE_MS) raw.push({ from, to: first * MINUTE_MS });
  const minutes: [number, number][] = [];
  const halfGone: Run[] = [];
  let start = first;
  for (const hole of within(holes, first, last)) {
    if (hole > start) minutes.push([start, hole]);
    pushRaw(raw, hole, horizon);
    if (hole < horizon) halfGone.push({ grain: MINUTE, from: hole, to: hole + 1 });
    start = hole + 1;
  }
  if (start < last) minutes.push([start, last]);
  if (to > last * MINUTE_MS) raw.push({ from: last * MINUTE_MS, to });
  return {
    runs: minutes.flatMap(([begin, end]) => coverMinutes(begin, end)),
    minutes,
    raw,
    halfGone,
  };
}

/** Minutes that follow on each other are read together, where all of them are of the same sources. */
function pushRaw(raw: Range[], minute: number, horizon: number): void {
  const last = raw.at(-1);
  const [from, to] = [minute * MINUTE_MS, (minute + 1) * MINUTE_MS];
  const isWhole = last !== undefined && last.from % MINUTE_MS === 0;
  if (isWhole && last.to === from && last.from >= horizon * MINUTE_MS) last.to = to;
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
