import type { Comparison, DateRange, Range } from '../language/query.js';
import { dateAt, startOf } from './zone.js';

/**
 * The range that a preset stands for.
 *
 * @param now milliseconds
 * @param everything what `all` is
 */
export function resolveRange(
  range: DateRange,
  zone: string,
  now: number,
  everything: Range,
): Range {
  if (range === 'all') return everything;
  if ('rollingMs' in range) return { from: now - range.rollingMs, to: now };
  if ('from' in range) return range;
  const today = dateAt(now, zone);
  const first =
    range.current === 'month' ? today.with({ day: 1 }) : today.with({ month: 1, day: 1 });
  const next = first.add(range.current === 'month' ? { months: 1 } : { years: 1 });
  return { from: startOf(first, zone), to: startOf(next, zone) };
}

/**
 * The range to compare with. Where a range consists of whole months or days of the zone, so does the
 * one before it; any other is as long to the millisecond. The year before has the same dates.
 */
export function comparedRange(range: Range, zone: string, compare: Comparison): Range {
  const [from, to] = [calendarDate(range.from, zone), calendarDate(range.to, zone)];
  if (compare === 'previous_year') {
    return { from: yearBefore(range.from, zone), to: yearBefore(range.to, zone) };
  }
  if (from && to) {
    const isMonths = from.day === 1 && to.day === 1;
    const length = isMonths ? from.until(to, { largestUnit: 'month' }) : from.until(to);
    return { from: startOf(from.subtract(length), zone), to: range.from };
  }
  return { from: range.from - (range.to - range.from), to: range.from };
}

/** @returns undefined for a moment that begins no day */
function calendarDate(ms: number, zone: string) {
  const date = dateAt(ms, zone);
  return startOf(date, zone) === ms ? date : undefined;
}

/** The time of day stays; 29 February becomes the 28th. */
function yearBefore(ms: number, zone: string): number {
  const date = dateAt(ms, zone);
  return startOf(date.subtract({ years: 1 }), zone) + (ms - startOf(date, zone));
}
