import { UnreadableRequestError } from '../../common/errors.js';
import { Refusal, type RefusalCode } from '../refusal.js';
import type { ReceivedBody } from '../request-fields.js';
import { parseItems, type ItemReader } from './parse-items.js';

const MAX_EVENTS = 10_000;

const UNSUPPORTED: RefusalCode[] = [
  'unsupported_content_type',
  'unsupported_charset',
  'unsupported_encoding',
];
const CHARSET = /;\s*charset\s*=\s*"?([^\s";]*)/;

/**
 * Takes a batch apart: a JSON array of events, or an object that holds one as `events`.
 *
 * @param reader what becomes of each item; the parsed one is given up, since a request may wait for
 *   long after this
 * @throws UnreadableRequestError when there's nothing to judge one by one
 */
export async function readBatch<T>(
  body: ReceivedBody,
  reader: Omit<ItemReader<T>, 'limit'>,
): Promise<T[]> {
  if (body instanceof Refusal) throw unreadable(body.code);
  const type = (body.contentType ?? 'application/json').toLowerCase();
  if (!/^application\/json\s*(;|$)/.test(type)) throw unreadable('unsupported_content_type');
  requireUtf8(type);
  const items = await parseItems(body.bytes, { ...reader, limit: MAX_EVENTS })
    .catch(() => {
      throw unreadable('unreadable_body');
    })
    .finally(() => body.release?.());
  if (items.length > MAX_EVENTS) throw unreadable('body_too_large');
  return items;
}

/** @throws UnreadableRequestError for another charset than UTF-8 */
export function requireUtf8(contentType: string): void {
  if (!isUtf8(contentType)) throw unreadable('unsupported_charset');
}

/** Whether a content type names no charset, or UTF-8. */
export function isUtf8(contentType: string): boolean {
  const charset = CHARSET.exec(contentType.toLowerCase())?.[1] ?? 'utf-8';
  return /^utf-?8$/.test(charset);
}

/** The answer to a batch that can't be read at all. */
export function unreadable(code: RefusalCode): UnreadableRequestError {
  if (code === 'body_too_large') {
    return new UnreadableRequestError(
      code,
      'a batch has at most 10,000 events and 10 MB; application/x-ndjson has no such limit',
      413,
    );
  }
  if (UNSUPPORTED.includes(code)) {
    const accepted =
      'a batch is application/json or application/x-ndjson in UTF-8, plain or as gzip, deflate or br';
    return new UnreadableRequestError(code, accepted, 415);
  }
  const accepted = 'a batch is a JSON array of events, or {"events": [...]}';
  return new UnreadableRequestError(code, accepted, 400);
}
