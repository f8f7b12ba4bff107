import type { Interval } from '../state/ranges.js';

const MINUTE_S = 60;
const HOUR_S = 60 * MINUTE_S;
const DAY_S = 24 * HOUR_S;
/** Distances of marks that read well, in seconds. */
const STEPS = [
  ...[1, 5, 10, 15, 30].map((minutes) => minutes * MINUTE_S),
  ...[1, 2, 3, 4, 6, 8, 12].map((hours) => hours * HOUR_S),
  ...[1, 2, 3, 4, 5, 7, 10, 15, 30, 60, 90, 180].map((days) => days * DAY_S),
  ...[1, 2, 5, 10].map((years) => years * 365 * DAY_S),
];
const SHORTEST = { minute: MINUTE_S, hour: HOUR_S, day: DAY_S, week: DAY_S, month: DAY_S };

/** Distances of marks that aren't between two buckets. */
export function stepsFrom(interval: Interval): number[] {
  return STEPS.filter((step) => step >= SHORTEST[interval]);
}

/**
 * What stands below a chart: the time, and the day below it where that begins; or the day, and the year
 * where that does.
 *
 * @param seconds where the axis has marks, since 1970
 * @param step between two of them, about
 */
export function timeTexts(seconds: readonly number[], step: number, zone: string): string[] {
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat('en-GB', { ...options, timeZone: zone });
  const isOfDays = step >= DAY_S;
  const fine = isOfDays
    ? format({ day: 'numeric', month: 'short' })
    : format({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const coarse = isOfDays
    ? format({ year: 'numeric' })
    : format({ day: 'numeric', month: 'short' });
  let before = '';
  return seconds.map((second) => {
    const above = coarse.format(second * 1_000);
    const text = fine.format(second * 1_000);
    const isNew = above !== before;
    before = above;
    return isNew ? `${text}\n${above}` : text;
  });
}
