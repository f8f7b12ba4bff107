import { parseTimestamp } from '../common/timestamp.js';

const DAY_MS = 24 * 3_600_000;
/** A hundred years. */
const MAX_DAYS = 36_525;

/** What `parseOldest` reads. */
export const OLDEST_ACCEPTED = `a date such as 2020-01-01, a moment such as 2020-01-01T00:00:00+01:00, or an age of 1d to ${MAX_DAYS}d`;

/** From when on timestamps are accepted, in milliseconds: a moment, or how long before the present. */
export type Oldest = { oldest: number } | { maxAgeMs: number };

/** @returns undefined for what is neither a date, nor a moment, nor an age in days */
export function parseOldest(text: string): Oldest | undefined {
  const days = Number(/^(\d{1,5})d$/.exec(text)?.[1]);
  if (days >= 1 && days <= MAX_DAYS) return { maxAgeMs: days * DAY_MS };
  const isDate = /^\d{4}-\d\d-\d\d$/.test(text);
  const moment = parseTimestamp(isDate ? `${text}T00:00:00Z` : text);
  return moment && { oldest: moment.getTime() };
}
