import { ApiProperty } from '@nestjs/swagger';
import { ErrorDto } from '../common/error.dto.js';

const MOMENT = { type: 'string', example: '2026-11-24T09:30:00.251Z' } as const;
const UNTIL = { type: 'string', example: '2026-12-24T09:30:00.250Z' } as const;
const COUNT = { type: 'integer', minimum: 0 } as const;

/** What was removed. */
export class RemovedDto {
  @ApiProperty({ ...COUNT, description: 'Users who were the person.' })
  identities!: number;

  @ApiProperty({ ...COUNT, description: 'Raw events.' })
  events!: number;

  @ApiProperty({ ...COUNT, description: 'Merges, undone and refused ones too.' })
  merges!: number;

  @ApiProperty({ ...COUNT, description: 'Groups that they were in.' })
  groups!: number;

  @ApiProperty({ ...COUNT, description: 'Lines of the log of rejections.' })
  rejections!: number;

  @ApiProperty({ ...COUNT, description: 'What waited on disk, or was damaged or refused there.' })
  waiting!: number;

  @ApiProperty({ ...COUNT, description: 'Minutes whose figures were made anew.' })
  rollup_minutes!: number;

  @ApiProperty({
    ...COUNT,
    description: 'Days without raw events out of whose figures the person was taken.',
  })
  rollup_days!: number;
}

/** What became of a request to erase somebody. */
export class ErasureDto {
  /** The number of the record, which doesn't say whom it was about. */
  @ApiProperty({ type: 'integer', example: 1 })
  erasure!: number;

  @ApiProperty({ ...MOMENT, description: 'Older events of these ids are refused as `erased`.' })
  erased_before!: string;

  @ApiProperty({ ...UNTIL, description: 'Until then they are.' })
  refused_until!: string;

  @ApiProperty({ type: RemovedDto })
  removed!: RemovedDto;
}

/** Nothing was stored of them. */
export class NobodyErasedDto extends ErrorDto {
  /** @example "unknown_user" */
  declare code: string;

  @ApiProperty({
    ...MOMENT,
    required: false,
    description:
      'Older events of this id are refused as `erased`. Absent where no user can have the id.',
  })
  erased_before?: string;

  @ApiProperty({ ...UNTIL, required: false, description: 'Until then they are.' })
  refused_until?: string;
}
