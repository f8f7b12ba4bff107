import { TIMESTAMP_ACCEPTED } from '../common/timestamp.js';

/** Every reason for which an event is not stored, and what is accepted instead. */
export const REFUSALS = {
  missing_user: 'user is missing: give text of 1 to 255 characters',
  invalid_user: 'user must be text of 1 to 255 characters, none of them a control character',
  missing_timestamp: 'timestamp is missing: an import never takes the present time',
  invalid_timestamp: `timestamp must be ${TIMESTAMP_ACCEPTED}`,
  invalid_anonymous: 'anonymous must be true or false',
  invalid_bot: 'bot must be true or false',
  invalid_nobody: 'nobody must be true or false',
  in_future:
    'timestamp lies further in the future than this server accepts, a day if nothing else is configured',
  before_oldest: 'timestamp lies before the oldest that this server is configured to accept',
  missing_event: 'event is missing: give its name, such as click or impression',
  unknown_event: 'event must be click or impression; other names go to POST /analytics/batch',
  invalid_event: 'event must be text of 1 to 100 characters, none of them a control character',
  invalid_id: 'id must be a UUID or text of 1 to 255 characters without control characters',
  invalid_source: 'source must be text of 1 to 100 characters without control characters',
  source_limit: 'source is new, and there are as many sources as this server takes',
  invalid_properties:
    'properties must be a JSON object of at most 32 KB and 20 levels, without NUL characters',
  invalid_profile: 'a profile must be a JSON object',
  unknown_profile_field:
    'a profile has only the fields user, traits, anonymous and timestamp; others belong into traits',
  unreadable_record:
    'a line of CSV must be UTF-8 and have as many fields as the header; a quotation mark stands around a whole field, and doubled within one',
  invalid_traits:
    'traits must be a JSON object of at most 32 KB and 20 levels, without NUL characters',
  too_many_traits: 'a user, or a group, has at most 1,000 traits, of 128 KB in all',
  invalid_anonymous_id:
    'anonymousId must be text of 1 to 255 characters, none of them a control character',
  missing_previous_id: 'previousId is missing: give the id of the user who is userId from now on',
  invalid_previous_id:
    'previousId must be text of 1 to 255 characters, none of them a control character',
  missing_alias: 'alias is missing: give the id of the user who is distinct_id from now on',
  missing_group: 'groupId is missing: give text of 1 to 255 characters',
  invalid_group: 'groupId must be text of 1 to 255 characters, none of them a control character',
  event_too_large: 'an event must be at most 1 MB of JSON',
  call_too_large: 'a call must be at most 32 KB of JSON',
  unknown_type: 'type must be track, identify, page, screen, alias or group',
  invalid_context: 'context must be a JSON object',
  invalid_write_key: 'the write key is missing, or not known',
  wrong_key_kind: 'the key is not of kind write or admin',
  origin_not_allowed: 'the key is for pages of other origins',
  event_not_allowed: 'the key is for events of other names',
  source_mismatch: 'the key is for another source: leave source out, or name its own',
  rate_limited: 'more requests came in a minute than one address, or one key, may send',
  invalid_token: 'the bearer token is not valid, or not of the issuer that is trusted',
  invalid_item: 'an event must be a JSON object',
  unknown_field:
    'an event has only the fields timestamp, user, anonymous, event, id, source, properties and bot; others belong into properties',
  repeated_field: 'each of timestamp, user, event and id may be given once, in the query or body',
  malformed_query: 'the query string is not percent-encoded UTF-8',
  unreadable_body: 'the body is not a JSON object or form of the fields timestamp, user, event, id',
  unsupported_content_type:
    'the body must be application/json, application/x-www-form-urlencoded or text/plain with JSON',
  unsupported_charset: 'the body must be UTF-8',
  unsupported_encoding: 'the content encoding must be gzip, deflate or br',
  body_too_large: 'the body must be at most 64 KB; many events go to POST /analytics/batch',
  unreadable_line: 'a line must be one JSON object, in UTF-8',
  invalid_utf8: 'a line must be UTF-8',
  line_too_long: 'a line must be at most 1 MB',
  damaged_in_spool: 'the record was damaged on disk while it waited for the database',
  erased: 'its user was erased, and timestamp lies before that',
  too_old: 'timestamp lies before the time from which raw events are kept',
  untracked: 'a function of @Track failed, or nothing could be stored; the log says why',
  refused_by_database: 'the database refuses one of the values',
} as const;

export type RefusalCode = keyof typeof REFUSALS;

/** Why something is not stored, and what is accepted instead. */
export interface Reason {
  readonly code: string;
  readonly message: string;
}

/** Why an event is not stored. */
export class Refusal implements Reason {
  constructor(readonly code: RefusalCode) {}

  /** ASCII, so that it fits a header. */
  get message(): string {
    return REFUSALS[this.code];
  }
}
