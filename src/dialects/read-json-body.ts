import { isJsonObject, parseJson } from '../common/json-object.js';
import { UnreadableRequestError } from '../common/errors.js';
import { isUtf8 } from '../ingest/batch/read-batch.js';
import { Refusal, type RefusalCode } from '../ingest/refusal.js';
import type { ReceivedBody } from '../ingest/request-fields.js';

/** What the errors say of a dialect's bodies. */
export interface BodyRules {
  /** Such as `500 KB and 2,500 events`. */
  limit: string;
}

/**
 * A body of JSON, by whatever content type: browsers send it as `text/plain`, so that they needn't ask
 * before.
 *
 * @throws UnreadableRequestError
 */
export function readJsonBody(body: ReceivedBody, rules: BodyRules): Record<string, unknown> {
  if (body instanceof Refusal) throw unreadable(body.code, rules);
  try {
    if (!isUtf8(body.contentType ?? '')) throw unreadable('unsupported_charset', rules);
    const value = parseJson(body.bytes.toString('utf8'));
    if (isJsonObject(value)) return value;
  } finally {
    body.release?.();
  }
  throw unreadable('unreadable_body', rules);
}

/** The answer to a body that can't be read at all. */
export function unreadable(code: RefusalCode, { limit }: BodyRules): UnreadableRequestError {
  switch (code) {
    case 'body_too_large':
      return new UnreadableRequestError(code, `a request has at most ${limit}`, 413);
    case 'unsupported_charset':
      return new UnreadableRequestError(code, 'the body must be UTF-8', 415);
    case 'unsupported_encoding':
      return new UnreadableRequestError(code, 'the body may be gzip, deflate or br', 415);
    default:
      return new UnreadableRequestError('unreadable_body', 'the body must be a JSON object', 400);
  }
}
