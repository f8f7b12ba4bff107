import { TIMESTAMP_ACCEPTED } from '../common/timestamp.js';

/** Every reason for which an event is not stored, and what is accepted instead. */
export const REFUSALS = {
  missing_user: 'user is missing: give text of 1 to 255 characters',
  invalid_user: 'user must be text of 1 to 255 characters, none of them a control character',
  invalid_timestamp: `timestamp must be ${TIMESTAMP_ACCEPTED}`,
  missing_event: 'event is missing: give click or impression',
  unknown_event: 'event must be click or impression; other names go to POST /analytics/batch',
  invalid_event: 'event must be text of 1 to 100 characters, none of them a control character',
  invalid_id: 'id must be a UUID or text of 1 to 255 characters without control characters',
  invalid_source: 'source must be text of 1 to 100 characters without control characters',
  source_limit: 'source is new, and there are as many sources as this server takes',
  invalid_properties:
    'properties must be a JSON object of at most 32 KB and 20 levels, without NUL characters',
  event_too_large: 'an event must be at most 1 MB of JSON',
  invalid_item: 'an event must be a JSON object',
  unknown_field:
    'an event has only the fields timestamp, user, event, id, source and properties; others belong into properties',
  repeated_field: 'each of timestamp, user, event and id may be given once, in the query or body',
  malformed_query: 'the query string is not percent-encoded UTF-8',
  unreadable_body: 'the body is not a JSON object or form of the fields timestamp, user, event, id',
  unsupported_content_type:
    'the body must be application/json, application/x-www-form-urlencoded or text/plain with JSON',
  unsupported_charset: 'the body must be UTF-8',
  unsupported_encoding: 'the content encoding must be gzip, deflate or br',
  body_too_large: 'the body must be at most 64 KB; many events go to POST /analytics/batch',
  unreadable_line: 'a line must be one JSON object, in UTF-8',
  line_too_long: 'a line must be at most 1 MB',
  damaged_in_spool: 'the record was damaged on disk while it waited for the database',
  too_old: 'timestamp lies before the time from which raw events are kept',
  refused_by_database: 'the database refuses a value of this event',
} as const;

export type RefusalCode = keyof typeof REFUSALS;

/** Why an event is not stored. */
export class Refusal {
  constructor(readonly code: RefusalCode) {}

  /** ASCII, so that it fits a header. */
  get message(): string {
    return REFUSALS[this.code];
  }
}
