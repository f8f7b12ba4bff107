import { z } from 'zod';
import { InvalidQueryError, parseWith } from './invalid-query.js';
import { resolved } from './parse-query.js';
import type { DateRange, Filter } from './query.js';
import { bots, dateRange, duration, filters, isEventName, timezone } from './schema-parts.js';

const MAX_STEPS = 10;

/** Steps that people take one after the other. */
export interface FunnelQuery {
  steps: { label: string; filters: Filter[] }[];
  /** Between the first step and the last, in milliseconds. */
  withinMs: number;
  dateRange: DateRange;
  timezone: string;
  filters: Filter[];
  includeBots: boolean;
  /** As it was asked. */
  given: object;
}

const EVENT_ACCEPTED = 'must be the name of an event, of 1 to 100 characters';

const step = z.strictObject(
  {
    event: z.string(EVENT_ACCEPTED).refine(isEventName, EVENT_ACCEPTED).optional(),
    filters,
  },
  'must be an object with event, filters, or both, such as {"event": "signup"}',
);

export const funnelSchema = z.strictObject(
  {
    steps: z
      .array(step, 'must be a list of steps, such as [{"event": "visit"}, {"event": "signup"}]')
      .min(2, 'must have two steps at least')
      .max(MAX_STEPS, `at most ${MAX_STEPS} steps`),
    within: duration,
    date_range: dateRange,
    timezone,
    filters,
    bots,
  },
  'must be a JSON object with steps, within and date_range',
);

/** @throws InvalidQueryError */
export function parseFunnel(value: unknown): FunnelQuery {
  const given = parseWith(funnelSchema, value);
  const steps = given.steps.map(({ event, filters: conditions }, index) => {
    if (event === undefined && conditions.length === 0) {
      throw new InvalidQueryError(`steps[${index}]`, 'must have event, filters, or both');
    }
    const ofName: Filter[] =
      event === undefined ? [] : [{ test: 'is', field: { of: 'event' }, values: [event] }];
    return { label: event ?? `step ${index + 1}`, filters: [...ofName, ...conditions] };
  });
  return {
    steps,
    withinMs: given.within,
    dateRange: resolved(given.date_range, given.timezone),
    timezone: given.timezone,
    filters: given.filters,
    includeBots: given.bots,
    given: value as object,
  };
}
