const MAX_USER_LENGTH = 255;

/** Control characters, and halves of surrogate pairs, which are no characters at all. */
const FORBIDDEN = /[\p{Cc}\p{Cs}]/u;

/** Whether a user, or a group, may be called so: 1 to 255 characters, none of them a control character. */
export function isUserId(value: unknown): value is string {
  return isText(value, MAX_USER_LENGTH);
}

/** JSON clients send whole numbers for ids and timestamps; any other number would change on the way. */
export function numberToText(value: unknown): unknown {
  return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
}

/** Length is counted in characters, as the database counts it; UTF-16 has at most two units for one. */
export function isText(value: unknown, maxLength: number): value is string {
  if (typeof value !== 'string' || value === '' || value.length > 2 * maxLength) return false;
  if (FORBIDDEN.test(value)) return false;
  return value.length <= maxLength || Array.from(value).length <= maxLength;
}
