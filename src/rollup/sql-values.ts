import { MINUTE_MS } from './grains.js';

/** Minutes since 1970-01-01T00:00Z of a column that holds whole ones. */
export const toMinute = (column: string): string =>
  `(extract(epoch FROM ${column}) / 60)::bigint::float8`;

/** The minute that a moment lies in: by arithmetic in UTC, whatever the session's zone. */
export const minuteOf = (column: string): string =>
  `date_bin('1 minute', ${column}, '0001-01-01 00:00:00Z')`;

/** A minute as PostgreSQL reads a timestamp. */
export function minuteText(minute: number): string {
  return timeText(minute * MINUTE_MS);
}

const FIRST_MS = Date.parse('0001-01-01T00:00:00.000Z');
/** Every event lies before it. */
const LAST = '10000-01-01 00:00:00Z';
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/** A moment in milliseconds as PostgreSQL reads it; one beyond all events as the nearest of those. */
export function timeText(ms: number): string {
  return ms > LAST_MS ? LAST : new Date(Math.max(ms, FIRST_MS)).toISOString();
}

/** What PostgreSQL writes for an array of whole numbers without NULL, such as `{1,2,3}`. */
export function readIntegers(text: string | null): Int32Array {
  if (text === null || text.length <= 2) return new Int32Array(0);
  const integers = new Int32Array((text.length >> 1) + 1);
  let count = 0;
  let value = 0;
  for (let index = 1; index < text.length; index += 1) {
    const digit = text.charCodeAt(index) - 48;
    if (digit >= 0 && digit <= 9) {
      value = 10 * value + digit;
    } else {
      integers[count] = value;
      count += 1;
      value = 0;
    }
  }
  return integers.subarray(0, count);
}

const BYTEA = 17;
const HEADER_BYTES = 20;

/**
 * An array of bytea in PostgreSQL's binary format (`array_recv` in its source): a driver that wrote it
 * as text would double its size.
 */
export function writeByteaArray(values: readonly Uint8Array[]): Buffer {
  const length = values.reduce((sum, value) => sum + 4 + value.length, HEADER_BYTES);
  const bytes = Buffer.allocUnsafe(length);
  bytes.writeInt32BE(1, 0); // Dimensions.
  bytes.writeInt32BE(0, 4); // No NULL in it.
  bytes.writeInt32BE(BYTEA, 8);
  bytes.writeInt32BE(values.length, 12);
  bytes.writeInt32BE(1, 16); // The first index.
  let offset = HEADER_BYTES;
  for (const value of values) {
    offset = bytes.writeInt32BE(value.length, offset);
    bytes.set(value, offset);
    offset += value.length;
  }
  return bytes;
}
