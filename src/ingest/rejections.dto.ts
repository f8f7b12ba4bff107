import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsInt, Max, Min } from 'class-validator';

const MAX_LIMIT = 1_000;
const DEFAULT_LIMIT = 100;
const ACCEPTED = { message: `limit must be a whole number from 1 to ${MAX_LIMIT}` };

/** What `GET /analytics/rejections` takes. */
export class RejectionsQueryDto {
  /** How many rejections, newest first. */
  @ApiProperty({ type: 'integer', required: false, minimum: 1, maximum: MAX_LIMIT })
  @Transform(({ value }) => (/^\d+$/.test(String(value)) ? Number(value) : value))
  @IsInt(ACCEPTED)
  @Min(1, ACCEPTED)
  @Max(MAX_LIMIT, ACCEPTED)
  limit: number = DEFAULT_LIMIT;
}

/** One event or request that wasn't stored. */
export class RejectionDto {
  /** When, by the server's clock. */
  time!: Date;

  /** @example "unknown_event" */
  code!: string;

  /** What is accepted instead. */
  message!: string;

  /** @example "POST /analytics" */
  route!: string;

  /**
   * The beginning of what was given, control characters escaped.
   * @example "?timestamp=1224567997&user=3&event=purchase"
   */
  input!: string;
}

/** The log of rejections. */
export class RejectionsDto {
  /** A sample: at most 100 a minute for each reason, 10,000 in all, 7 days. */
  rejections!: RejectionDto[];

  /**
   * How many there were in the last 7 days, by reason. Exact.
   * @example { "unknown_event": 1 }
   */
  counts!: Record<string, number>;
}
