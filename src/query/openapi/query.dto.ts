import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { METRICS, TIME_UNITS } from '../language/query.js';

const DATE_RANGE: ApiPropertyOptions = {
  oneOf: [
    { type: 'string', pattern: '^([1-9][0-9]{0,5}[hd]|month|year|all)$' },
    {
      type: 'array',
      items: { oneOf: [{ type: 'string' }, { type: 'number' }] },
      minItems: 2,
      maxItems: 2,
    },
  ],
  description:
    '`[FROM, TO]`, of which FROM is in and TO is not: dates of the time zone, Unix seconds or ' +
    'milliseconds, or ISO 8601 with an offset. Or `Nh` or `Nd`, which end now (24 hours a day); ' +
    '`month` or `year`, the whole current one; `all`.',
  example: ['2026-11-01', '2026-12-01'],
};

const FILTERS: ApiPropertyOptions = {
  type: 'array',
  items: { type: 'array', items: {} },
  maxItems: 100,
  default: [],
  description:
    'All have to be true. `["is", FIELD, [VALUE, ...]]`, likewise `is_not`, `contains` and ' +
    '`matches` (`*` is any characters, `?` is one); `["exists", FIELD]`; ' +
    '`["and", [FILTER, ...]]`, `["or", [FILTER, ...]]`, `["not", FILTER]`. A FIELD is `event`, ' +
    '`source`, `property:NAME` (as stored) or `trait:NAME` (as the person has it now).',
  example: [['is', 'event', ['click', 'impression']]],
};

const BOTS: ApiPropertyOptions = {
  enum: ['exclude', 'include'],
  default: 'exclude',
  description: 'Whether events count whose user agent is that of a bot.',
};

const TIMEZONE: ApiPropertyOptions = {
  type: 'string',
  default: 'UTC',
  description: 'Of the IANA database: dates, and buckets of time, follow its calendar and clocks.',
  example: 'Europe/Berlin',
};

/** What `POST /analytics/query` takes. */
export class QueryDto {
  /** What to count: each is a number of every row. */
  @ApiProperty({
    type: 'array',
    items: { type: 'string', pattern: `^(${METRICS.join('|')}|count\\([\\s\\S]{1,100}\\))$` },
    minItems: 1,
    maxItems: 20,
    example: ['unique_users', 'events'],
  })
  metrics!: string[];

  @ApiProperty(DATE_RANGE)
  date_range!: string | (string | number)[];

  @ApiProperty(TIMEZONE)
  timezone?: string;

  /** What rows are told apart by; without any there is one row. At most one of time. */
  @ApiProperty({
    type: 'array',
    items: {
      type: 'string',
      pattern: `^(time:(${TIME_UNITS.join('|')})|event|source|(property|trait):[\\s\\S]{1,255})$`,
    },
    maxItems: 5,
    default: [],
    example: ['time:day'],
  })
  dimensions?: string[];

  @ApiProperty(FILTERS)
  filters?: unknown[][];

  @ApiProperty(BOTS)
  bots?: 'exclude' | 'include';

  /** By keys of the query's own; without it by time, or by the first metric from the most on. */
  @ApiProperty({
    type: 'array',
    items: {
      oneOf: [
        { type: 'string' },
        { type: 'array', items: { type: 'string' }, minItems: 2, maxItems: 2 },
      ],
    },
    maxItems: 10,
    default: [],
    example: [['time', 'asc']],
  })
  order_by?: (string | string[])[];

  /** Rows of one page. */
  @ApiProperty({ type: 'integer', minimum: 1, maximum: 100_000, default: 10_000 })
  limit?: number;

  /** `meta.next_cursor` of the page before; all else but `limit` stays as it was. */
  @ApiProperty({ type: 'string', maxLength: 20_000 })
  cursor?: string;

  /** Whether there are rows for buckets of time without events. */
  @ApiProperty({ type: 'boolean', default: true })
  fill?: boolean;

  /** The same for the range before, or for the same dates a year before. */
  @ApiProperty({ enum: ['previous_period', 'previous_year'] })
  compare?: 'previous_period' | 'previous_year';
}

/** `event`, `filters`, or both. */
export class FunnelStepDto {
  /** The name of an event. */
  @ApiProperty({ type: 'string', minLength: 1, maxLength: 100, example: 'visit' })
  event?: string;

  @ApiProperty(FILTERS)
  filters?: unknown[][];
}

/** What `POST /analytics/funnel` takes. */
export class FunnelDto {
  /** Taken one after the other, each later than the one before. */
  @ApiProperty({ type: () => [FunnelStepDto], minItems: 2, maxItems: 10 })
  steps!: FunnelStepDto[];

  /** From the first step to the last, at most: a number of `s`, `m`, `h` or `d`. */
  @ApiProperty({ type: 'string', pattern: '^[1-9][0-9]{0,8}[smhd]$', example: '7d' })
  within!: string;

  @ApiProperty(DATE_RANGE)
  date_range!: string | (string | number)[];

  @ApiProperty(TIMEZONE)
  timezone?: string;

  @ApiProperty(FILTERS)
  filters?: unknown[][];

  @ApiProperty(BOTS)
  bots?: 'exclude' | 'include';
}

/** What `POST /analytics/retention` takes. */
export class RetentionDto {
  /**
   * `first_seen`: people belong to the period of their first event of any name. `first_event`: to
   * that of their first event that `cohort_filters` leave.
   */
  @ApiProperty({ enum: ['first_seen', 'first_event'], default: 'first_seen' })
  cohort?: 'first_seen' | 'first_event';

  @ApiProperty({
    type: 'array',
    items: { type: 'array', items: {} },
    maxItems: 100,
    description: 'For `first_event` alone; without them those are taken that say who came back.',
    example: [['is', 'event', ['signup']]],
  })
  cohort_filters?: unknown[][];

  /** How long a period is. */
  @ApiProperty({ enum: ['day', 'week', 'month'] })
  period!: 'day' | 'week' | 'month';

  @ApiProperty(DATE_RANGE)
  date_range!: string | (string | number)[];

  @ApiProperty(TIMEZONE)
  timezone?: string;

  @ApiProperty(FILTERS)
  filters?: unknown[][];

  @ApiProperty(BOTS)
  bots?: 'exclude' | 'include';
}
