import { z } from 'zod';
import { InvalidQueryError, parseWith } from './invalid-query.js';
import { resolved } from './parse-query.js';
import type { DateRange, Filter } from './query.js';
import { bots, dateRange, filters, givenFilters, timezone } from './schema-parts.js';

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
    cohort_filters: givenFilters.optional(),
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
  if (isAny && given.cohort_filters !== undefined) {
    throw new InvalidQueryError('cohort_filters', 'is for the cohort first_event alone');
  }
  return {
    // Without any of its own a cohort is by the events that count as coming back.
    cohortFilters: isAny ? [] : (given.cohort_filters ?? given.filters),
    filters: given.filters,
    period: given.period,
    dateRange: resolved(given.date_range, given.timezone),
    timezone: given.timezone,
    includeBots: given.bots,
    given: value as object,
  };
}
