import { ApiProperty } from '@nestjs/swagger';

/** The fields of `POST /analytics`, in the query string or the body. */
export class EventDto {
  /**
   * Unix seconds (1 to 11 digits), Unix milliseconds (13 digits) or ISO 8601 with an offset; the
   * server's time without it.
   * @example "1224567997"
   */
  timestamp?: string;

  /**
   * 1 to 255 characters, none of them a control character. Created on first sight.
   * @example "3"
   */
  user!: string;

  /** @example "click" */
  @ApiProperty({ enum: ['click', 'impression'] })
  event!: 'click' | 'impression';

  /**
   * Makes a retry harmless: with the same time, id and user it is stored once.
   * @example "c-1"
   */
  id?: string;
}
