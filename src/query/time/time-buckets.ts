import type { Temporal } from 'temporal-polyfill';
import type { Range, TimeUnit } from '../language/query.js';
import { dateAt, startOf, zonedAt } from './zone.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Shorter than any bucket of its unit: what divides a range gives an upper bound of their number. */
const SHORTEST_MS: Record<TimeUnit, number> = {
  minute: MINUTE_MS,
  hour: HOUR_MS,
  day: DAY_MS,
  week: 7 * DAY_MS,
  month: 28 * DAY_MS,
};

/** Roughly how many buckets a range has, and never fewer than it has by much. */
export function estimateBuckets({ from, to }: Range, unit: TimeUnit): number {
  return Math.ceil((to - from) / SHORTEST_MS[unit]) + 1;
}

/** Buckets of time, one after the other. */
export interface TimeBuckets {
  /** Where each begins, in milliseconds; the first may begin before the range. */
  starts: number[];
  /** The same as ISO 8601 with the zone's offset. */
  labels: string[];
}

/**
 * The buckets of a zone that a range touches. Days, weeks (from Monday) and months follow its
 * calendar; hours and minutes begin where its clocks show full ones, and anew where they are changed
 * by a part of an hour.
 */
export function timeBuckets(range: Range, unit: TimeUnit, zone: string): TimeBuckets {
  if (range.from >= range.to) return { starts: [], labels: [] };
  return unit === 'minute' || unit === 'hour'
    ? clockBuckets(range, unit === 'hour' ? HOUR_MS : MINUTE_MS, zone)
    : calendarBuckets(range, unit, zone);
}

function calendarBuckets(
  { from, to }: Range,
  unit: 'day' | 'week' | 'month',
  zone: string,
): TimeBuckets {
  const first = firstDate(dateAt(from, zone), unit);
  const length = { day: { days: 1 }, week: { days: 7 }, month: { months: 1 } }[unit];
  const buckets: TimeBuckets = { starts: [], labels: [] };
  for (let date = first; ; date = date.add(length)) {
    const start = startOf(date, zone);
    if (start >= to) return buckets;
    // A zone may leave a whole day out: it would be as empty as the next one's start is the same.
    if (start === buckets.starts.at(-1)) continue;
    buckets.starts.push(start);
    buckets.labels.push(label(start, zonedAt(start, zone).offsetNanoseconds / 1e6, zone));
  }
}

function firstDate(date: Temporal.PlainDate, unit: 'day' | 'week' | 'month'): Temporal.PlainDate {
  if (unit === 'week') return date.subtract({ days: date.dayOfWeek - 1 });
  return unit === 'month' ? date.with({ day: 1 }) : date;
}

function clockBuckets({ from, to }: Range, length: number, zone: string): TimeBuckets {
  const buckets: TimeBuckets = { starts: [], labels: [] };
  let stretch = stretchAt(from - DAY_MS, zone);
  while (stretch.to <= from) stretch = stretchAt(stretch.to, zone);
  let start = Math.max(from - modulo(from + stretch.offset, length), stretch.from);
  while (start < to) {
    buckets.starts.push(start);
    buckets.labels.push(label(start, stretch.offset, zone));
    start = Math.min(start + length - modulo(start + stretch.offset, length), stretch.to);
    if (start === stretch.to) stretch = stretchAt(start, zone);
  }
  return buckets;
}

function modulo(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}

/** A time for which a zone's clocks are ahead of UTC by the same milliseconds. */
interface Stretch {
  from: number;
  to: number;
  offset: number;
}

/** From a moment to the next change of the clocks. */
function stretchAt(ms: number, zone: string): Stretch {
  const moment = zonedAt(ms, zone);
  const next = moment.getTimeZoneTransition('next');
  return {
    from: ms,
    to: next?.epochMilliseconds ?? Number.POSITIVE_INFINITY,
    offset: moment.offsetNanoseconds / 1e6,
  };
}

/** To the second, since buckets begin at full ones at least. */
function label(ms: number, offsetMs: number, zone: string): string {
  return `${localText(ms + offsetMs)}${offsetText(offsetMs, zone)}`;
}

/** Years before 0 and after 9999 have six digits and a sign. */
function localText(ms: number): string {
  return new Date(ms).toISOString().slice(0, -5);
}

/** `Z` for UTC itself; elsewhere `+01:00`, and seconds where a zone's past has them. */
function offsetText(offsetMs: number, zone: string): string {
  if (zone === 'UTC') return 'Z';
  const seconds = Math.abs(Math.round(offsetMs / 1_000));
  const parts = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  if (seconds % 60 !== 0) parts.push(seconds % 60);
  return `${offsetMs < 0 ? '-' : '+'}${parts.map((part) => String(part).padStart(2, '0')).join(':')}`;
}

/** A moment as ISO 8601 with the zone's offset. */
function momentText(ms: number, zone: string): string {
  const offsetMs = zonedAt(ms, zone).offsetNanoseconds / 1e6;
  const fraction = modulo(ms, 1_000) === 0 ? '' : `.${String(modulo(ms, 1_000)).padStart(3, '0')}`;
  return `${localText(ms + offsetMs)}${fraction}${offsetText(offsetMs, zone)}`;
}

/** Both ends of a range, as ISO 8601 with the zone's offset. */
export function rangeText({ from, to }: Range, zone: string): [string, string] {
  return [momentText(from, zone), momentText(to, zone)];
}
