import { z } from 'zod';
import { parseWith } from './invalid-query.js';
import { resolved } from './parse-query.js';
import type { DateRange, Filter } from './query.js';
import { bots, dateRange, filters, timezone } from './schema-parts.js';

const PERIODS = ['day', 'week', 'month'] as const;

/** Who comes back, by when they came first. */
export interface RetentionQuery {
  /** Which events make a person a member of a cohort by the first of them; any for `first_seen`. */
  cohortFilters: Filter[];
  /** Which events count as coming back. */
  filters: Filter[];
  period: (typeof PERIODS)[number];
  dateRange: DateRange;
  timezone: string;
  includeBots: boolean;
  /** As it was asked. */
  given: object;
}

export const retentionSchema = z.strictObject(
  {
    cohort: z
      .enum(['first_seen', 'first_event'], 'must be first_seen or first_event')
      .default('first_seen'),
    cohort_filters: filters.optional(),
    period: z.enum(PERIODS, `must be ${PERIODS.join(', ')}`),
    date_range: dateRange,
    timezone,
    filters,
    bots,
  },
  'must be a JSON object with period and date_range',
);

/** @throws InvalidQueryError */
export function parseRetention(value: unknown): RetentionQuery {
  const given = parseWith(retentionSchema, value);
  const isAny = given.cohort === 'first_seen';
  return {
    cohortFilters: isAny ? [] : cohortFilters(value, given.cohort_filters, given.filters),
    filters: given.filters,
    period: given.period,
    dateRange: resolved(given.date_range, given.timezone),
    timezone: given.timezone,
    includeBots: given.bots,
    given: value as object,
  };
}

/** Without any of its own a cohort is by the events that count as coming back. */
function cohortFilters(value: unknown, own: Filter[] | undefined, returning: Filter[]): Filter[] {
  return (value as { cohort_filters?: unknown }).cohort_filters === undefined
    ? returning
    : (own ?? []);
}
