import type { QueryPlan } from './plan.js';
import { GROWTH } from './plan.js';

/** Events that lie in a stretch of time of their own, beside those of other data sets. */
export interface DataSet {
  name: string;
  /** Chooses everything that isn't the same for each event. */
  seed: number;
  events: number;
  users: number;
  /** Unix milliseconds; `to` lies behind the last event. */
  from: number;
  to: number;
  /** How often in it the rate of events rises and falls, as from night to noon. */
  waves: number;
  /** At noon it's (1 + rhythm) / (1 - rhythm) times that at midnight. */
  rhythm: number;
  /** Each so many events all users take their turns, so that none is missing; 0 for never. */
  turnEvery: number;
}

export const DAY_MS = 24 * 3_600_000;
const MINUTE_MS = 60_000;
/** Between data sets, so that what is asked of one can reach into the time around it. */
const GAP_MS = 100 * DAY_MS;
/** Before what the other benchmarks write, whatever the sizes are; a fixed time, so that runs compare. */
const MONTH_FROM = Date.UTC(2025, 2, 1);
/** Fits the hour that is asked for, wherever rounds shift it. */
const HOUR_SPAN_MS = 80 * MINUTE_MS;
/** Where the first of those hours ends: no minute begins there. */
const HOUR_END_MS = 62 * MINUTE_MS + 17_250;
/** Each following one ends so much later. */
const HOUR_STEP_MS = 3_000;

/** The many days. */
export function monthData({ events, users, days }: QueryPlan): DataSet {
  const from = MONTH_FROM;
  const to = from + days * DAY_MS;
  return { name: 'days', seed: 1, events, users, from, to, waves: days, rhythm: 0.6, turnEvery: 0 };
}

/** As many days and users, and a tenth of the events. */
export function tenthData(plan: QueryPlan): DataSet {
  const month = monthData(plan);
  const to = month.from - GAP_MS;
  return {
    ...month,
    name: 'days with a tenth of the events',
    seed: 1_000,
    events: Math.ceil(month.events / GROWTH),
    from: to - (month.to - month.from),
    to,
  };
}

/** An hour at a constant rate, and some minutes more of the same. */
export function hourData(plan: QueryPlan): DataSet {
  const from = monthData(plan).to + GAP_MS + DAY_MS / 2;
  return {
    name: 'hour',
    seed: 2_000,
    events: Math.ceil((plan.hourEvents * HOUR_SPAN_MS) / (60 * MINUTE_MS)),
    users: plan.hourUsers,
    from,
    to: from + HOUR_SPAN_MS,
    waves: 1,
    rhythm: 0,
    turnEvery: Math.max(1, Math.floor(plan.hourEvents / plan.hourUsers)),
  };
}

/** A stretch of time, `to` not in it, in Unix milliseconds. */
export interface Range {
  from: number;
  to: number;
}

/** Ends of hours of that data set, each another one: none can be answered by what was said before. */
export function hourEnd({ from }: DataSet, index: number): number {
  return from + HOUR_END_MS + index * HOUR_STEP_MS;
}

/** All of a data set with some empty time before it: other ranges with the same events. */
export function rangeAround({ from, to }: DataSet, index: number, stepMs: number): Range {
  return { from: from - index * stepMs, to };
}

/** Most of a data set of days, from a minute to a minute, neither of which begins a quarter. */
export function rangeOfMinutes({ from, to }: DataSet, index: number): Range {
  const shift = (15 * index + 7) * MINUTE_MS;
  return { from: from + shift, to: to - shift };
}
