import { ApiProperty, IntersectionType, PartialType } from '@nestjs/swagger';
import { ErrorDto } from '../common/error.dto.js';

/** What `PUT /analytics/users/{id}` takes. */
export class ProfileBodyDto {
  /**
   * Each key is set, one that is null is removed, all others stay. A JSON object of at most 32 KB; a
   * user has at most 1,000 traits, of 128 KB in all.
   * @example { "plan": "pro", "email": "jo@example.com", "trial_ends": null }
   */
  traits!: Record<string, unknown>;
}

/** Who a user is now. */
export class ProfileDto {
  /** @example "u-81" */
  id!: string;

  @ApiProperty({ enum: ['known'] })
  kind!: 'known';

  /**
   * The person's: their own over those of the anonymous users who were merged into them.
   * @example { "plan": "pro", "email": "jo@example.com" }
   */
  traits!: Record<string, unknown>;
}

/** Why a line of an import isn't stored. */
export class ProfileReceiptDto {
  /** The line's number, from 1; the first one of a record that spans several. */
  line!: number;

  /** @example "invalid_user" */
  code!: string;

  /** What is accepted instead. */
  message!: string;
}

/** What became of an import. */
export class ProfileImportDto {
  /** Profiles that are stored. */
  stored!: number;

  /** Lines that aren't. */
  rejected!: number;

  /** Why the rest was not read; absent when all of it was. */
  incomplete?: string;

  @ApiProperty({ type: () => [ProfileReceiptDto] })
  receipts!: ProfileReceiptDto[];

  /** How many receipts are left out: there are 1,000 at most. */
  receipts_omitted?: number;
}

/** The rest could not be stored; what became of the lines before, where there were any. */
export class InterruptedProfileImportDto extends IntersectionType(
  ErrorDto,
  PartialType(ProfileImportDto),
) {}
