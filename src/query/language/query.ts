/** What a filter or a dimension looks at. */
export type Field =
  | { of: 'event' | 'source' | 'kind' }
  /** As it was stored with the event. */
  | { of: 'property'; name: string }
  /** As the event's person has it now. */
  | { of: 'trait'; name: string };

export type Scalar = string | number | boolean | null;

/** Which events count. */
export type Filter =
  | { test: 'and' | 'or'; filters: Filter[] }
  | { test: 'not'; filter: Filter }
  | { test: 'is'; field: Field; values: Scalar[] }
  | { test: 'contains' | 'matches'; field: Field; texts: string[] }
  | { test: 'exists'; field: Field };

/** All that a filter and its parts look at. */
export function fieldsOf(filter: Filter): Field[] {
  if ('field' in filter) return [filter.field];
  return filter.test === 'not' ? fieldsOf(filter.filter) : filter.filters.flatMap(fieldsOf);
}

export const TIME_UNITS = ['minute', 'hour', 'day', 'week', 'month'] as const;

export type TimeUnit = (typeof TIME_UNITS)[number];

/** What a row of the answer stands for. `key` is the name that it was asked for by. */
export type Dimension =
  { key: 'time'; unit: TimeUnit } | { key: string; field: Exclude<Field, { of: 'kind' }> };

export const METRICS = [
  'unique_users',
  'events',
  'clicks',
  'impressions',
  'ctr',
  'events_per_user',
  'new_users',
] as const;

export type MetricName = (typeof METRICS)[number];

/** A number of each row. `key` is the name that it was asked for by. */
export type Metric = { key: MetricName } | { key: string; count: string };

/** Half-open, in milliseconds since 1970-01-01T00:00:00Z. */
export interface Range {
  from: number;
  to: number;
}

/** `Nh` and `Nd` end now; `month` and `year` are the zone's current ones. */
export type DateRange =
  | Range
  | { rollingMs: number }
  | { current: 'month' | 'year' }
  /** From the first event to the last, or to now. */
  | 'all';

export type Comparison = 'previous_period' | 'previous_year';

export interface Order {
  key: string;
  direction: 'asc' | 'desc';
}

export interface Query {
  metrics: Metric[];
  dateRange: DateRange;
  timezone: string;
  dimensions: Dimension[];
  /** All of them have to be true. */
  filters: Filter[];
  /** As they were written, for the answer to tell. */
  givenFilters: unknown;
  includeBots: boolean;
  orderBy: Order[];
  limit: number;
  cursor: string | undefined;
  fill: boolean;
  compare: Comparison | undefined;
}

export function timeDimension(dimensions: readonly Dimension[]): TimeUnit | undefined {
  for (const dimension of dimensions) if ('unit' in dimension) return dimension.unit;
  return undefined;
}

/** The dimensions beside time. */
export function fieldDimensions(
  dimensions: readonly Dimension[],
): Extract<Dimension, { field: unknown }>[] {
  return dimensions.filter((dimension) => 'field' in dimension);
}
