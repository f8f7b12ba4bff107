import { ApiProperty } from '@nestjs/swagger';

/** An event as PostHog's SDKs send it. */
export class PosthogEventDto {
  /** @example "$pageview" */
  event!: string;

  /** Whose it is; `properties.distinct_id` will do. */
  @ApiProperty({ oneOf: [{ type: 'string' }, { type: 'number' }] })
  distinct_id!: string | number;

  /** `$set`, `$set_once` and `$unset` are about the user. */
  properties?: Record<string, unknown>;

  /**
   * When it happened, by the client's clock.
   * @example "2026-11-24T09:30:00.250Z"
   */
  timestamp?: string;

  /** With the same time and user it is stored once. */
  uuid?: string;

  /** The write key, where there are any. */
  api_key?: string;
}

/** Up to 10,000 events and 10 MB. */
export class PosthogBatchDto {
  /** The write key, where there are any. */
  api_key?: string;

  @ApiProperty({ type: () => [PosthogEventDto] })
  batch!: PosthogEventDto[];

  /** When it was sent, by the client's clock. */
  sent_at?: string;
}
