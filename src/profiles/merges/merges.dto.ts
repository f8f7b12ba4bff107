import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Max, Min } from 'class-validator';

const MAX_LIMIT = 1_000;
const DEFAULT_LIMIT = 100;
const LIMIT = { message: `limit must be a whole number from 1 to ${MAX_LIMIT}` };
const FLAGS = ['true', 'false'] as const;

/** What both lists take. */
export class PageQueryDto {
  /** How many, newest first. */
  @ApiProperty({ type: 'integer', required: false, minimum: 1, maximum: MAX_LIMIT })
  @Transform(({ value }) => (/^\d+$/.test(String(value)) ? Number(value) : value))
  @IsInt(LIMIT)
  @Min(1, LIMIT)
  @Max(MAX_LIMIT, LIMIT)
  limit: number = DEFAULT_LIMIT;

  /** `next_cursor` of the page before. */
  @ApiProperty({ type: String, required: false })
  @IsOptional()
  @IsString({ message: 'cursor must be given once' })
  cursor?: string;
}

/** What `GET /analytics/merges` takes. */
export class MergesQueryDto extends PageQueryDto {
  /** Of this known user. */
  @ApiProperty({ type: String, required: false })
  @IsOptional()
  @IsString({ message: 'user must be a user id, given once' })
  user?: string;

  /** Of this anonymous id. */
  @ApiProperty({ type: String, required: false })
  @IsOptional()
  @IsString({ message: 'anonymous must be an anonymous id, given once' })
  anonymous?: string;

  /** Those that weren't undone, or those that were. */
  @ApiProperty({ enum: FLAGS, required: false })
  @IsOptional()
  @IsIn(FLAGS, { message: 'active must be true or false' })
  active?: 'true' | 'false';
}

/** That an anonymous user is a known one. */
export class MergeDto {
  /** @example 1 */
  id!: number;

  /**
   * The anonymous id.
   * @example "b-1"
   */
  anonymous!: string;

  /**
   * The known user's id.
   * @example "u-81"
   */
  user!: string;

  since!: Date;

  /**
   * By which request it was said.
   * @example "POST /v1/identify"
   */
  merged_by!: string;

  @ApiProperty({ type: Date, nullable: true })
  undone_at!: Date | null;

  /** @example null */
  @ApiProperty({ type: String, nullable: true })
  undone_by!: string | null;
}

/** A page of merges. */
export class MergesDto {
  @ApiProperty({ type: () => [MergeDto] })
  merges!: MergeDto[];

  /** Brings the next page; null on the last one. */
  @ApiProperty({ type: String, nullable: true })
  next_cursor!: string | null;
}

/** A user, of either kind. */
export class UserReferenceDto {
  @ApiProperty({ enum: ['known', 'anonymous'] })
  kind!: 'known' | 'anonymous';

  /** @example "b-1" */
  id!: string;
}

/** A merge that was asked for and not made. */
export class RefusedMergeDto {
  @ApiProperty({ type: () => UserReferenceDto })
  from!: UserReferenceDto;

  @ApiProperty({ type: () => UserReferenceDto })
  into!: UserReferenceDto;

  @ApiProperty({ enum: ['belongs_to_another', 'both_known', 'itself'] })
  reason!: string;

  /** The reason as a sentence. */
  message!: string;

  /** How often it was asked for. */
  times!: number;

  first_at!: Date;
  last_at!: Date;

  /**
   * By which request it was asked for last.
   * @example "POST /v1/identify"
   */
  refused_by!: string;
}

/** A page of refused merges. */
export class RefusedMergesDto {
  @ApiProperty({ type: () => [RefusedMergeDto] })
  refused!: RefusedMergeDto[];

  /** Brings the next page; null on the last one. */
  @ApiProperty({ type: String, nullable: true })
  next_cursor!: string | null;
}
