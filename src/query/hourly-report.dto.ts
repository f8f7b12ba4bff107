import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { IsTimestamp } from './is-timestamp.js';

/** What `GET /analytics` takes. */
export class HourlyReportQueryDto {
  /**
   * The end of the hour: Unix seconds (1 to 11 digits), Unix milliseconds (13 digits) or ISO 8601
   * with an offset.
   * @example "1224567999"
   */
  @IsTimestamp()
  timestamp!: string;

  /** `csv` without it, or what the Accept header prefers. */
  @ApiProperty({ enum: ['csv', 'json'], required: false })
  @IsOptional()
  @IsIn(['csv', 'json'], { message: 'format must be csv or json, given once' })
  format?: 'csv' | 'json';
}

/** Both ends belong to the window. */
export class WindowDto {
  /** @example "2008-10-21T04:46:39.000Z" */
  from!: string;

  /** @example "2008-10-21T05:46:39.000Z" */
  to!: string;
}

/** Clicks and impressions of one hour. */
export class HourlyReportDto {
  window!: WindowDto;

  /**
   * The different users of these clicks and impressions.
   * @example 2
   */
  unique_users!: number;

  /** @example 1 */
  clicks!: number;

  /** @example 1 */
  impressions!: number;
}
