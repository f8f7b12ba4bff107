import { ApiProperty } from '@nestjs/swagger';

/** One event of a batch. */
export class BatchEventDto {
  /**
   * Unix seconds (1 to 11 digits), Unix milliseconds (13 digits) or ISO 8601 with an offset.
   * Without it the server's time is taken, and the id can't protect a retry.
   * @example "2026-11-24T09:30:00.250Z"
   */
  timestamp?: string;

  /**
   * Who caused it: 1 to 255 characters, none of them a control character. Created on first sight.
   * @example "u-81"
   */
  user!: string;

  /**
   * What happened: 1 to 100 characters. `click` and `impression` are in the hourly report.
   * @example "signup"
   */
  event!: string;

  /**
   * Makes a retry harmless: with the same time, id and user it is a duplicate. A UUID is kept as
   * it is, other text of 1 to 255 characters is hashed to one.
   * @example "order-1029"
   */
  id?: string;

  /**
   * The app or site it comes from, 1 to 100 characters; `default` without it.
   * @example "shop"
   */
  source?: string;

  /**
   * Anything else: a JSON object of at most 32 KB.
   * @example { "plan": "pro" }
   */
  properties?: Record<string, unknown>;
}

/** 1 to 10,000 events. A bare array of events is accepted too. */
export class BatchDto {
  events!: BatchEventDto[];
}

/** What became of one event. */
export class ReceiptDto {
  /** The event's place in the request, from 0. */
  index!: number;

  /** The id under which it is stored; absent when it was rejected. */
  id?: string;

  /** `duplicate`: it was stored before, and nothing changed. */
  @ApiProperty({ enum: ['stored', 'duplicate', 'rejected'] })
  status!: 'stored' | 'duplicate' | 'rejected';

  /** Why it was rejected. */
  code?: string;

  /** What is accepted instead. */
  message?: string;
}

/** Receipts come in the order of the events. */
export class BatchResultDto {
  stored!: number;
  duplicates!: number;
  rejected!: number;
  receipts!: ReceiptDto[];
}
