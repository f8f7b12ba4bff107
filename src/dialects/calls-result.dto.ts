import { ApiProperty } from '@nestjs/swagger';
import { ErrorDto } from '../common/error.dto.js';

/** A call that can't be stored. */
export class RejectedCallDto {
  /** Its place in the request, from 0. */
  index!: number;

  /**
   * A stable name for the reason.
   * @example "missing_event"
   */
  code!: string;

  /** What is accepted instead. */
  message!: string;
}

/** All calls are stored, but for those that can't be. */
export class CallsResultDto {
  @ApiProperty({ enum: [true] })
  success!: boolean;

  /** Absent where there are none. */
  @ApiProperty({ type: () => [RejectedCallDto], required: false })
  rejected?: RejectedCallDto[];
}

/** The same in the words of PostHog. */
export class EventsResultDto {
  @ApiProperty({ enum: [1] })
  status!: number;

  /** Absent where there are none. */
  @ApiProperty({ type: () => [RejectedCallDto], required: false })
  rejected?: RejectedCallDto[];
}

/** Nothing is stored. */
export class CallsErrorDto extends ErrorDto {
  @ApiProperty({ enum: [false] })
  success!: boolean;

  /** Where the request could be read, and none of its calls can be stored. */
  @ApiProperty({ type: () => [RejectedCallDto], required: false })
  rejected?: RejectedCallDto[];
}
