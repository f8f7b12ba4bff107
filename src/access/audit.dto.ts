import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsInt, IsOptional, Matches, Max, Min } from 'class-validator';

const MAX_LIMIT = 1_000;
const DEFAULT_LIMIT = 100;
const LIMIT = { message: `limit must be a whole number from 1 to ${MAX_LIMIT}` };

/** What `GET /analytics/audit` takes. */
export class AuditQueryDto {
  /** How many, the latest first. */
  @ApiProperty({ type: 'integer', required: false, minimum: 1, maximum: MAX_LIMIT })
  @Transform(({ value }) => (/^\d+$/.test(String(value)) ? Number(value) : value))
  @IsInt(LIMIT)
  @Min(1, LIMIT)
  @Max(MAX_LIMIT, LIMIT)
  limit: number = DEFAULT_LIMIT;

  /** Those before the entry of this number. */
  @ApiProperty({ type: String, required: false, pattern: '^\\d{1,18}$' })
  @IsOptional()
  @Matches(/^\d{1,18}$/, { message: 'before must be the id of an entry' })
  before?: string;
}

/** Something that was administered. */
export class AuditEntryDto {
  /** @example "7" */
  id!: string;

  @ApiProperty({ type: String, format: 'date-time' })
  time!: string;

  /**
   * Who did it.
   * @example "key 1 (operator)"
   */
  actor!: string;

  /** @example "key.create" */
  action!: string;

  /** What it was about: never whose data. */
  @ApiProperty({ type: 'object', additionalProperties: true })
  details!: Record<string, unknown>;
}

export class AuditDto {
  @ApiProperty({ type: () => [AuditEntryDto] })
  entries!: AuditEntryDto[];
}
