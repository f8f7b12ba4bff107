import { z } from 'zod';
import { InvalidQueryError, parseWith, pathText } from './invalid-query.js';
import type { DateRange, Dimension, Metric, Query } from './query.js';
import { bots, dateRange, dimension, filters, metric, timezone } from './schema-parts.js';

const MAX_METRICS = 20;
const MAX_DIMENSIONS = 5;
const MAX_LIMIT = 100_000;
const DEFAULT_LIMIT = 10_000;

const ORDER_ACCEPTED = 'must be a list such as [["unique_users", "desc"], ["time", "asc"]]';

const order = z
  .union([z.string(), z.tuple([z.string(), z.enum(['asc', 'desc'])])], ORDER_ACCEPTED)
  .transform((given) => {
    const [key, direction] = typeof given === 'string' ? [given, 'asc' as const] : given;
    return { key, direction };
  });

export const querySchema = z.strictObject(
  {
    metrics: z
      .array(metric, 'must be a list of metrics, such as ["unique_users", "events"]')
      .min(1, 'must have one metric at least')
      .max(MAX_METRICS, `at most ${MAX_METRICS} metrics`),
    date_range: dateRange,
    timezone,
    dimensions: z
      .array(dimension, 'must be a list of dimensions, such as ["time:day", "event"]')
      .max(MAX_DIMENSIONS, `at most ${MAX_DIMENSIONS} dimensions`)
      .default([]),
    filters,
    bots,
    order_by: z.array(order, ORDER_ACCEPTED).max(10, 'at most 10 orders').default([]),
    limit: z
      .int(`must be a whole number from 1 to ${MAX_LIMIT}`)
      .min(1, `must be a whole number from 1 to ${MAX_LIMIT}`)
      .max(MAX_LIMIT, `must be a whole number from 1 to ${MAX_LIMIT}`)
      .default(DEFAULT_LIMIT),
    cursor: z.string('must be the next_cursor of an answer').max(20_000, 'is too long').optional(),
    fill: z.boolean('must be true or false').default(true),
    compare: z
      .enum(['previous_period', 'previous_year'], 'must be previous_period or previous_year')
      .optional(),
  },
  'must be a JSON object with metrics and date_range',
);

/**
 * Reads a query.
 *
 * @param value as JSON.parse gives it
 * @throws InvalidQueryError with the path of what is wrong, and what is accepted
 */
export function parseQuery(value: unknown): Query {
  const given = parseWith(querySchema, value);
  expectDistinct('metrics', given.metrics);
  expectDistinct('dimensions', given.dimensions);
  const query: Query = {
    metrics: given.metrics,
    dateRange: resolved(given.date_range, given.timezone),
    timezone: given.timezone,
    dimensions: given.dimensions,
    filters: given.filters,
    givenFilters: (value as { filters?: unknown }).filters ?? [],
    includeBots: given.bots,
    orderBy: given.order_by,
    limit: given.limit,
    cursor: given.cursor,
    fill: given.fill,
    compare: given.compare,
  };
  expectKnownOrder(query);
  return query;
}

/** Dates of a range belong to the zone, which stands beside it. */
export function resolved(range: z.output<typeof dateRange>, zone: string): DateRange {
  const result = range(zone);
  if (typeof result === 'object' && 'message' in result) {
    throw new InvalidQueryError(pathText(['date_range', ...result.path]), result.message);
  }
  return result;
}

function expectDistinct(path: string, items: readonly (Metric | Dimension)[]): void {
  for (const [index, { key }] of items.entries()) {
    const first = items.findIndex((item) => item.key === key);
    if (first !== index) {
      throw new InvalidQueryError(`${path}[${index}]`, 'is given twice, or a second one of time');
    }
  }
}

function expectKnownOrder({ orderBy, dimensions, metrics }: Query): void {
  const keys = [...dimensions, ...metrics].map(({ key }) => key);
  for (const [index, { key }] of orderBy.entries()) {
    if (!keys.includes(key)) {
      throw new InvalidQueryError(
        `order_by[${index}]`,
        `must be one of the query's own ${keys.join(', ')}`,
      );
    }
  }
}
