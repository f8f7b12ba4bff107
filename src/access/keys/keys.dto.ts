import { ApiProperty } from '@nestjs/swagger';
import { ACCESS_KINDS, type AccessKind } from './access-key.js';

/** What a new key may do. */
export class NewKeyDto {
  /** `write` stores events, `read` asks, `admin` does both and administers. */
  @ApiProperty({ enum: ACCESS_KINDS })
  kind!: AccessKind;

  /**
   * For people: 1 to 100 characters.
   * @example "Shop, pages"
   */
  name!: string;

  /**
   * Of a write key: its events are this source's; `default` without it.
   * @example "shop"
   */
  source?: string;

  /**
   * Pages of these origins alone may use it; without them it's for servers. Not of an admin key.
   * @example ["https://shop.example"]
   */
  origins?: string[];

  /**
   * Of a write key: the only names that its events may have.
   * @example ["click", "impression"]
   */
  events?: string[];

  /**
   * Of a write key: how old the timestamps of its events may be.
   * @example 86400
   */
  @ApiProperty({ type: 'integer', minimum: 1, required: false })
  max_age_seconds?: number;
}

/** A key without what it's used by, which nobody can tell again. */
export class KeyDto {
  /** @example 1 */
  @ApiProperty({ type: 'integer' })
  id!: number;

  @ApiProperty({ enum: ACCESS_KINDS })
  kind!: AccessKind;

  /** @example "Shop, pages" */
  name!: string;

  /**
   * Its last four characters.
   * @example "x3Qk"
   */
  hint!: string;

  /** Of a write key. */
  @ApiProperty({ type: String, nullable: true })
  source!: string | null;

  /** Without them it's for servers. */
  @ApiProperty({ type: [String], nullable: true })
  origins!: string[] | null;

  /** Without them any. */
  @ApiProperty({ type: [String], nullable: true })
  events!: string[] | null;

  /** Without it any age. */
  @ApiProperty({ type: 'integer', nullable: true })
  max_age_seconds!: number | null;

  @ApiProperty({ type: String, format: 'date-time' })
  created_at!: string;

  /** @example "command line" */
  created_by!: string;

  /** From then on it isn't taken; it may be to come. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  revoked_at!: string | null;

  /** The key whose place it took. */
  @ApiProperty({ type: 'integer', nullable: true })
  rotated_from!: number | null;

  /** To about a minute. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  last_used_at!: string | null;
}

export class MadeKeyDto extends KeyDto {
  /**
   * The key itself: it's told this once.
   * @example "ua_write_Vt1hkSgmB3cqOZxq6y0Jr2n8wPfXuE4dL7aM5iT9sKo"
   */
  key!: string;
}

export class KeysDto {
  /** All that were ever made, the first first. */
  @ApiProperty({ type: () => [KeyDto] })
  keys!: KeyDto[];
}

export class RotationDto {
  /**
   * For how long the old key is taken, too: up to 30 days.
   * @example 86400
   */
  @ApiProperty({ type: 'integer', minimum: 0, maximum: 2_592_000, required: false })
  grace_seconds?: number;
}
