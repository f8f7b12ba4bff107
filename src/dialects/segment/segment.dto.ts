import { ApiProperty, getSchemaPath } from '@nestjs/swagger';
import { CALL_TYPES, type CallType } from './map-call.js';

const ID = { oneOf: [{ type: 'string' }, { type: 'number' }] };

/** What all calls have. An SDK writes most of it by itself. */
export abstract class CallDto {
  /** In a batch, which call it is; else the path says so. */
  @ApiProperty({ enum: CALL_TYPES, required: false })
  type?: CallType;

  /** The known user: 1 to 255 characters. One of `userId` and `anonymousId` has to be there. */
  @ApiProperty({ ...ID, required: false })
  userId?: string | number;

  /** The browser or device. Anonymous ids are a namespace of their own. */
  @ApiProperty({ ...ID, required: false })
  anonymousId?: string | number;

  /** Together with `timestamp` it makes a retry harmless: 1 to 255 characters. */
  messageId?: string;

  /** When it happened: ISO 8601 with an offset, Unix seconds or milliseconds; the server's time without it. */
  @ApiProperty({ ...ID, required: false })
  timestamp?: string | number;

  /** When it was sent, by the client's clock: a wrong clock is recognised by it when traits are set. */
  @ApiProperty({ ...ID, required: false })
  sentAt?: string | number;

  /** The event is nobody's: counted, and never among users. Nothing of its ids and traits is kept. */
  nobody?: boolean;

  /** Kept as the property `context`. */
  context?: Record<string, unknown>;

  /** Instead of an `Authorization` header. */
  writeKey?: string;
}

/** Something happened. */
class TrackCallDto extends CallDto {
  /** Its name: 1 to 100 characters. */
  event!: string;
  properties?: Record<string, unknown>;
}

/** What is known of a user. With both ids the anonymous user becomes the known one. */
class IdentifyCallDto extends CallDto {
  /** Each key is set, and those of null are removed. */
  traits?: Record<string, unknown>;
}

/** A page was seen. */
class PageCallDto extends CallDto {
  name?: string;
  category?: string;
  properties?: Record<string, unknown>;
}

/** A screen of an app was seen. */
class ScreenCallDto extends CallDto {
  name?: string;
  category?: string;
  properties?: Record<string, unknown>;
}

/** The anonymous user `previousId` is the known user `userId`. */
class AliasCallDto extends CallDto {
  /** `anonymousId` without it. */
  @ApiProperty({ ...ID, required: false })
  previousId?: string | number;
}

/** A user belongs to a group. */
class GroupCallDto extends CallDto {
  /** 1 to 255 characters. */
  @ApiProperty(ID)
  groupId!: string | number;

  /** The group's: each key is set, and those of null are removed. */
  traits?: Record<string, unknown>;
}

/** The calls by the name of their path, or of their `type` in a batch. */
export const CALL_DTOS = {
  track: TrackCallDto,
  identify: IdentifyCallDto,
  page: PageCallDto,
  screen: ScreenCallDto,
  alias: AliasCallDto,
  group: GroupCallDto,
};

/** Up to 2,500 calls. */
export class CallsDto {
  /** Each says its `type`. */
  @ApiProperty({
    type: 'array',
    maxItems: 2_500,
    items: { oneOf: Object.values(CALL_DTOS).map((dto) => ({ $ref: getSchemaPath(dto) })) },
  })
  batch!: CallDto[];

  /** Said of each call; where both say something, the call's own counts. */
  context?: Record<string, unknown>;

  /** When it was sent, by the client's clock. */
  @ApiProperty({ ...ID, required: false })
  sentAt?: string | number;

  /** Instead of an `Authorization` header. */
  writeKey?: string;
}
