import { ApiProperty, OmitType, type ApiPropertyOptions } from '@nestjs/swagger';
import { ErrorDto } from '../../common/error.dto.js';
import { StoredEventDto } from './answer.dto.js';

const KIND: ApiPropertyOptions = { enum: ['known', 'anonymous'] };
const TRAITS: ApiPropertyOptions = {
  type: 'object',
  additionalProperties: true,
  example: { plan: 'pro', email: 'ada@example.com' },
};
const MOMENT: ApiPropertyOptions = { type: 'string', example: '2026-11-24T09:30:00.250Z' };
const MOMENT_OR_NULL: ApiPropertyOptions = { ...MOMENT, nullable: true };

/** A known user, or an anonymous one who was merged into nobody. */
export class PersonDto {
  /** @example "u-81" */
  id!: string;

  @ApiProperty(KIND)
  kind!: 'known' | 'anonymous';

  /** Their own, over those of the anonymous users who were merged into them. */
  @ApiProperty(TRAITS)
  traits!: object;

  @ApiProperty(MOMENT)
  created_at!: string;
}

/** One of the users who are a person. */
export class IdentityDto extends PersonDto {
  /** This user's own. */
  @ApiProperty(TRAITS)
  declare traits: object;

  /** The number of the merge, of an anonymous user alone. */
  @ApiProperty({ type: 'integer', example: 12 })
  merge?: number;

  @ApiProperty({ ...MOMENT, description: 'When it was merged.' })
  since?: string;

  /**
   * Who said so.
   * @example "POST /v1/identify"
   */
  merged_by?: string;
}

export class UserGroupDto {
  /** @example "acme" */
  id!: string;

  @ApiProperty({ ...TRAITS, example: { name: 'Acme Ltd' } })
  traits!: object;

  @ApiProperty({ ...MOMENT, description: 'The first time that any identity was said to be in it.' })
  since!: string;
}

/** All that is known of one person; events are raw ones, of all identities, bots included. */
export class UserDto extends PersonDto {
  @ApiProperty(MOMENT_OR_NULL)
  first_seen!: string | null;

  @ApiProperty(MOMENT_OR_NULL)
  last_seen!: string | null;

  /** How many. */
  @ApiProperty({ type: 'integer' })
  events!: number;

  /** By event name, the 100 most frequent. */
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer' },
    example: { click: 12, signup: 1 },
  })
  counts!: object;

  /** How many further names there are; absent where there are none. */
  @ApiProperty({ type: 'integer' })
  counts_omitted?: number;

  /** The person's own user, and the anonymous ones, in the order in which they were merged; 1,000. */
  @ApiProperty({ type: () => [IdentityDto] })
  identities!: IdentityDto[];

  @ApiProperty({ type: 'integer' })
  identities_omitted?: number;

  /** By id, 1,000 of them. */
  @ApiProperty({ type: () => [UserGroupDto] })
  groups!: UserGroupDto[];

  @ApiProperty({ type: 'integer' })
  groups_omitted?: number;

  /** Newest first. */
  @ApiProperty({ type: () => [StoredEventDto] })
  recent!: object[];

  /**
   * Events before this moment are no longer kept, and don't count here; absent where all are. Where
   * some sources are kept longer than others, theirs count from further back.
   */
  @ApiProperty(MOMENT)
  raw_from?: string;
}

export class UsersMetaDto {
  milliseconds!: number;

  /** Given as `cursor` it brings the next page; null on the last one. Also in X-Next-Cursor. */
  @ApiProperty({ type: 'string', nullable: true })
  next_cursor!: string | null;
}

export class UsersAnswerDto {
  /** In the order in which they were first seen. */
  @ApiProperty({ type: () => [PersonDto] })
  results!: PersonDto[];

  @ApiProperty({ type: () => UsersMetaDto })
  meta!: UsersMetaDto;
}

/** Nobody has the id. */
export class UnknownUserDto extends OmitType(ErrorDto, ['code']) {
  /** @example "unknown_user" */
  code!: string;
}
