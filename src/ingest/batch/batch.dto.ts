import { ApiProperty, IntersectionType, PartialType } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { ErrorDto } from '../../common/error.dto.js';

const CHOICES = ['all', 'rejected'] as const;

/** What `POST /analytics/batch` takes in its query. */
export class BatchQueryDto {
  /** Which receipts the answer holds; without it all, and for a stream those of rejected events. */
  @ApiProperty({ enum: CHOICES, required: false })
  @IsOptional()
  @IsIn(CHOICES, { message: 'receipts must be all or rejected' })
  receipts?: 'all' | 'rejected';
}

/** One event of a batch. */
export class BatchEventDto {
  /**
   * Unix seconds (1 to 11 digits), Unix milliseconds (13 digits) or ISO 8601 with an offset.
   * Without it the server's time is taken, and the id can't protect a retry.
   * @example "2026-11-24T09:30:00.250Z"
   */
  @ApiProperty({ oneOf: [{ type: 'string' }, { type: 'number' }] })
  timestamp?: string | number;

  /**
   * Who caused it: 1 to 255 characters, none of them a control character. Created on first sight.
   * @example "u-81"
   */
  @ApiProperty({ oneOf: [{ type: 'string' }, { type: 'number' }] })
  user!: string | number;

  /**
   * Whether a browser or a device made the id up, before anyone said who its user is: such ids never
   * mean a known user's, be they the same. `false` without it.
   * @example false
   */
  anonymous?: boolean;

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
   * Anything else: a JSON object of at most 32 KB. Numbers have JavaScript's precision: send whole
   * numbers beyond 2^53 (9,007,199,254,740,992) as text.
   * @example { "plan": "pro" }
   */
  properties?: Record<string, unknown>;

  /**
   * Whether a bot caused it, as an export says. Without it the user agent of a browser that sends the
   * request decides, and what is sent by anything else is no bot's.
   * @example false
   */
  bot?: boolean;
}

/** 1 to 10,000 events. A bare array of events is accepted too. */
export class BatchDto {
  events!: BatchEventDto[];
}

/** What became of one event. */
export class ReceiptDto {
  /** The event's place in the request, from 0; in a stream its line's, empty lines included. */
  index!: number;

  /** The id under which it is stored; absent when it was rejected. */
  id?: string;

  /**
   * `duplicate`: it was stored before, and nothing changed. `accepted`: the database is away, and it
   * lies on disk until it's back; it hasn't been compared for duplicates yet.
   */
  @ApiProperty({ enum: ['stored', 'duplicate', 'accepted', 'rejected'] })
  status!: 'stored' | 'duplicate' | 'accepted' | 'rejected';

  /** Why it was rejected. */
  code?: string;

  /** What is accepted instead. */
  message?: string;
}

/** Receipts come in the order of the events. */
export class BatchResultDto {
  stored!: number;
  duplicates!: number;

  /** Events that lie on disk; absent while the database takes them. */
  accepted?: number;

  rejected!: number;

  /** Why the rest of a stream was not read; absent when all of it was. */
  incomplete?: string;

  @ApiProperty({ type: () => [ReceiptDto] })
  receipts!: ReceiptDto[];

  /** How many receipts a stream's answer leaves out: it holds 10,000, fewer while memory is short. */
  receipts_omitted?: number;
}

/** Nothing more could be stored; what became of a stream's lines before. */
export class InterruptedBatchDto extends IntersectionType(ErrorDto, PartialType(BatchResultDto)) {}
