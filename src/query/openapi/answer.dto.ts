import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { ErrorDto } from '../../common/error.dto.js';

const MOMENTS = ['2026-11-01T00:00:00+01:00', '2026-12-01T00:00:00+01:00'];

const RANGE: ApiPropertyOptions = {
  type: 'array',
  items: { type: 'string' },
  minItems: 2,
  maxItems: 2,
  example: MOMENTS,
};

const row = (example: object) => ({ type: 'object', additionalProperties: true, example }) as const;

const METRICS = { unique_users: 2, events: 5 };
const ROW = { time: '2026-11-24T00:00:00+01:00', ...METRICS };
const QUERY = row({ metrics: ['unique_users', 'events'], date_range: MOMENTS });

/** How an answer was come by. */
export class QueryMetaDto {
  /** Rows of rollups that were read. */
  buckets!: number;

  /** Rows that no rollup had taken up yet. */
  deltas!: number;

  /** Raw events that were counted. */
  raw_rows!: number;

  /**
   * How many events of bots were left out, of those that filters let through; 0 with `bots: include`.
   * Filters on traits aren't looked at where only numbers of users are asked for.
   */
  bot_events!: number;

  milliseconds!: number;
}

export class QueryPageMetaDto extends QueryMetaDto {
  /**
   * How many of the events that the query counted, all rows together, are nobody's: they are in
   * `events`, and never among users. 0 where only numbers of users are asked for and a filter looks at
   * traits: that is about people alone. Where raw events are no longer kept, those are missing that
   * were stored by a version without this field.
   */
  anonymous_events!: number;

  /** Given as `cursor` it brings the next page; null on the last one. Also in X-Next-Cursor. */
  @ApiProperty({ type: 'string', nullable: true })
  next_cursor!: string | null;
}

/** The range that was compared with. */
export class QueryComparisonDto {
  @ApiProperty(RANGE)
  date_range!: string[];

  @ApiProperty({ type: 'array', items: row(ROW) })
  results!: object[];

  @ApiProperty(row(METRICS))
  totals!: object;
}

export class QueryAnswerDto {
  /** A key for each dimension and each metric, in the order in which they were asked for. */
  @ApiProperty({ type: 'array', items: row(ROW) })
  results!: object[];

  /** Over the whole range. Unique users are counted, so they aren't the sum of the rows. */
  @ApiProperty(row(METRICS))
  totals!: object;

  /** With `compare`, on the first page. */
  @ApiProperty({ type: () => QueryComparisonDto })
  comparison?: QueryComparisonDto;

  /** The query with everything filled in that was left out. */
  @ApiProperty(QUERY)
  query!: object;

  @ApiProperty({ type: () => QueryPageMetaDto })
  meta!: QueryPageMetaDto;
}

export class FunnelStepRowDto {
  /** From 1. */
  step!: number;

  /** The step's event, or `step 2` where it has filters alone. */
  event!: string;

  /** Who took this step, after all those before it. */
  users!: number;

  /** The share of those who took the first step; null for a share of none. */
  @ApiProperty({ type: 'number', nullable: true })
  conversion!: number | null;

  /** The share of those who took the step before. */
  @ApiProperty({ type: 'number', nullable: true })
  step_conversion!: number | null;

  /** From the first step, by the shortest way of each person. */
  @ApiProperty({ type: 'number', nullable: true })
  median_seconds!: number | null;
}

export class FunnelTotalsDto {
  users!: number;
  converted!: number;

  @ApiProperty({ type: 'number', nullable: true })
  conversion!: number | null;
}

export class FunnelAnswerDto {
  @ApiProperty({ type: () => [FunnelStepRowDto] })
  results!: FunnelStepRowDto[];

  @ApiProperty({ type: () => FunnelTotalsDto })
  totals!: FunnelTotalsDto;

  /** The query, with its range as moments. */
  @ApiProperty(row({ within: '7d', date_range: MOMENTS }))
  query!: object;

  @ApiProperty({ type: () => QueryMetaDto })
  meta!: QueryMetaDto;
}

export class CohortRowDto {
  /**
   * The start of the period.
   * @example "2026-11-02T00:00:00+01:00"
   */
  cohort!: string;

  /** How many came for the first time in it. */
  size!: number;

  /** How many of them came in this period, and in each one after it. */
  @ApiProperty({ type: 'array', items: { type: 'number' }, example: [120, 45, 31] })
  retained!: number[];
}

export class RetentionTotalsDto {
  size!: number;
}

export class RetentionAnswerDto {
  @ApiProperty({ type: () => [CohortRowDto] })
  results!: CohortRowDto[];

  @ApiProperty({ type: () => RetentionTotalsDto })
  totals!: RetentionTotalsDto;

  /** The query, with its range as moments. */
  @ApiProperty(row({ period: 'week', date_range: MOMENTS }))
  query!: object;

  @ApiProperty({ type: () => QueryMetaDto })
  meta!: QueryMetaDto;
}

/** An event as it was recorded: whoever was merged keeps the user's own id here. */
export class StoredEventDto {
  /** @example "2026-11-24T09:30:00.250Z" */
  timestamp!: string;

  /**
   * Absent for an event of nobody.
   * @example "u-81"
   */
  user?: string;

  /** Where the user is an anonymous one; ids of known users are others. */
  @ApiProperty({ enum: [true] })
  anonymous?: true;

  /** @example "signup" */
  event!: string;

  /** @example "3daeea48-5045-5643-a585-245b62f8af76" */
  id!: string;

  /** @example "default" */
  source!: string;

  /** @example { "plan": "pro" } */
  properties?: Record<string, unknown>;

  /** The known user whom the anonymous one was merged into, where it was. */
  person?: string;

  bot!: boolean;
}

export class EventsMetaDto {
  raw_rows!: number;

  /** How many events of bots were left out between those of the page, and before the next one. */
  bot_events!: number;

  milliseconds!: number;

  /** Given as `cursor` it brings older ones; null where there are none. Also in X-Next-Cursor. */
  @ApiProperty({ type: 'string', nullable: true })
  next_cursor!: string | null;
}

export class EventsAnswerDto {
  /** Newest first. */
  @ApiProperty({ type: () => [StoredEventDto] })
  results!: StoredEventDto[];

  /** The range as moments. */
  @ApiProperty(row({ date_range: MOMENTS, limit: 100 }))
  query!: object;

  @ApiProperty({ type: () => EventsMetaDto })
  meta!: EventsMetaDto;
}

/** A query that can't be read. */
export class InvalidQueryDto extends ErrorDto {
  /**
   * Where it's wrong; empty for the query as a whole. Absent where the body is no JSON.
   * @example "filters[0][2]"
   */
  path?: string;
}

/** A query that is understood and isn't answered. */
export class RefusedQueryDto extends ErrorDto {
  /** With `raw_events_expired`: raw events of the sources that are asked for are there from here on. */
  raw_from?: string;

  /** With `rollups_expired`: figures are there from here on. */
  rollups_from?: string;

  /** With `query_too_expensive`: the estimate of `raw_rows`, `buckets` or `result_rows`. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'number' } })
  cost?: object;

  /** What it may be at most. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'number' } })
  limit?: object;
}
