import { addDays, dayOf } from '../state/dates.js';
import type { Filter } from '../state/filters.js';
import {
  comparedRange,
  intervalFor,
  allowsInterval,
  resolveRange,
  type DateRange,
  type Interval,
} from '../state/ranges.js';
import type { ViewState } from '../state/view-state.js';
import type { Extent } from './extent.js';

/** What all questions of a view have in common. */
export interface Scope {
  date_range: DateRange | 'all';
  timezone: string;
  filters: Filter[];
  bots: 'include' | 'exclude';
}

/** A view's range at a moment, and what it's compared with. */
export interface Frame {
  scope: Scope;
  compared: Scope | undefined;
  interval: Interval;
  /** About, in milliseconds; undefined for all time. */
  length: number | undefined;
  isRunning: boolean;
}

/**
 * @param now milliseconds
 * @param extent all time, where that is known: from the day of the first event to that of the last
 */
export function frameOf(state: ViewState, now: number, extent: Extent | undefined): Frame {
  const { zone, filters, includeBots, interval } = state;
  const all = extent && daysOf(extent, zone);
  const chosen = state.range === 'all' && all ? all : state.range;
  const resolved = resolveRange(chosen, zone, now);
  const isAll = state.range === 'all';
  const before = isAll ? undefined : comparedRange(chosen, resolved, state.compare, zone);
  const scope: Scope = {
    date_range: resolved.range,
    timezone: zone,
    filters,
    bots: includeBots ? 'include' : 'exclude',
  };
  const { length, isRunning } = resolved;
  const isAllowed = interval !== undefined && allowsInterval(interval, length);
  return {
    scope,
    compared: before && { ...scope, date_range: before },
    interval: isAllowed ? interval : intervalFor(length),
    length,
    isRunning,
  };
}

function daysOf({ first, last }: Extent, zone: string): DateRange {
  return [dayOf(first, zone), addDays(dayOf(last, zone), 1)];
}

/** The most that an answer may have, for a file of all of it. */
export const ALL_ROWS = 100_000;
