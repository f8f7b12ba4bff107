import { isJsonObject } from '../common/json-object.js';
import { parseMilliseconds } from '../common/timestamp.js';
import { isUserId, numberToText } from '../common/text.js';
import { Refusal, type RefusalCode } from './refusal.js';

const MAX_OBJECT_BYTES = 32 * 1024;
const MAX_OBJECT_DEPTH = 20;

/** What a text in PostgreSQL's jsonb can't hold. */
const UNSTORABLE = /[\0\p{Cs}]/u;

/** An id of 1 to 255 characters; a whole number is read as its digits. */
export function readUserId(value: unknown): string | Refusal {
  if (value === undefined || value === null) return new Refusal('missing_user');
  const user = numberToText(value);
  return isUserId(user) ? user : new Refusal('invalid_user');
}

/** Absent is false; CSV has no other words for it than text. */
export function readFlag(value: unknown, code: RefusalCode): boolean | Refusal {
  if (value === undefined || value === null || value === false || value === 'false') return false;
  return value === true || value === 'true' ? true : new Refusal(code);
}

/** @param now in milliseconds, for a value that is missing */
export function readTime(value: unknown, now: number): number | Refusal {
  if (value === undefined || value === null) return now;
  const text = numberToText(value);
  const time = typeof text === 'string' ? parseMilliseconds(text) : undefined;
  return time ?? new Refusal('invalid_timestamp');
}

/**
 * A JSON object of at most 32 KB and 20 levels.
 *
 * @returns its text; undefined for one that's empty or missing
 */
export function readObject(value: unknown, code: RefusalCode): string | undefined | Refusal {
  if (value === undefined || value === null) return undefined;
  if (!isJsonObject(value) || !isStorable(value, 1)) return new Refusal(code);
  const json = JSON.stringify(value);
  // UTF-8 has at most three bytes for a unit of UTF-16.
  const mayBeTooLarge = 3 * json.length > MAX_OBJECT_BYTES;
  if (mayBeTooLarge && Buffer.byteLength(json) > MAX_OBJECT_BYTES) return new Refusal(code);
  return json === '{}' ? undefined : json;
}

/** Whether PostgreSQL's jsonb gives the value back as it was: no NUL, no half pair, no infinity. */
function isStorable(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return !UNSTORABLE.test(value);
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  if (depth > MAX_OBJECT_DEPTH) return false;
  if (Array.isArray(value)) return value.every((item) => isStorable(item, depth + 1));
  const items = value as Record<string, unknown>;
  for (const key in items) {
    if (!isStorable(key, depth) || !isStorable(items[key], depth + 1)) return false;
  }
  return true;
}
