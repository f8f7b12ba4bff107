import type { NormalisedEvent } from '../normalise.js';

/** Rows of the events table: the events, and the numbers of what they name. */
export interface EventRows {
  events: readonly NormalisedEvent[];
  userSeqs: readonly number[];
  nameIds: readonly number[];
  sourceIds: readonly number[];
}

/** The columns that a row fills, in their order. */
export const COPY_COLUMNS = 'time, id, user_seq, name_id, source_id, bot, properties';

const COLUMNS = 7;
/** Signature, flags and the length of an extension that there is none of. */
const HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
/** The number of columns, six lengths and values of fixed size, and one length. */
const FIXED_BYTES = 2 + (4 + 8) + (4 + 16) + (4 + 4) + (4 + 4) + (4 + 2) + (4 + 1) + 4;
const TRAILER_BYTES = 2;
const NULL_LENGTH = -1;
const JSONB_VERSION = 1;
/** PostgreSQL counts from 2000-01-01T00:00:00Z. */
const POSTGRES_EPOCH_MS = 946_684_800_000;
const TWO_TO_32 = 2 ** 32;
/** UTF-8 takes at most three bytes for a UTF-16 code unit. */
const MAX_BYTES_A_UNIT = 3;

/** How many bytes rows take at most in PostgreSQL's binary COPY format. */
export function copyBytes({ events }: EventRows): number {
  let size = HEADER.length + TRAILER_BYTES + events.length * FIXED_BYTES;
  for (const { properties } of events) {
    if (properties !== undefined) size += 1 + properties.length * MAX_BYTES_A_UNIT;
  }
  return size;
}

/**
 * Writes rows in PostgreSQL's binary COPY format
 * (https://www.postgresql.org/docs/current/sql-copy.html, section Binary Format).
 *
 * @param buffer of `copyBytes` at least
 * @returns the part of it that was written
 */
export function encodeCopy(rows: EventRows, buffer: Buffer): Buffer {
  let offset = HEADER.copy(buffer);
  for (let index = 0; index < rows.events.length; index += 1) {
    offset = writeRow(buffer, rows, index, offset);
  }
  offset = buffer.writeInt16BE(-1, offset);
  return buffer.subarray(0, offset);
}

function writeRow(buffer: Buffer, rows: EventRows, index: number, start: number): number {
  const { time, id, bot, properties } = rows.events[index]!;
  let offset = buffer.writeInt16BE(COLUMNS, start);
  offset = buffer.writeInt32BE(8, offset);
  offset = writeTime(buffer, time, offset);
  offset = buffer.writeInt32BE(16, offset);
  offset = writeUuid(buffer, id, offset);
  offset = buffer.writeInt32BE(4, offset);
  offset = buffer.writeInt32BE(rows.userSeqs[index]!, offset);
  offset = buffer.writeInt32BE(4, offset);
  offset = buffer.writeInt32BE(rows.nameIds[index]!, offset);
  offset = buffer.writeInt32BE(2, offset);
  offset = buffer.writeInt16BE(rows.sourceIds[index]!, offset);
  offset = buffer.writeInt32BE(1, offset);
  offset = buffer.writeUInt8(bot ? 1 : 0, offset);
  return writeProperties(buffer, properties, offset);
}

/** Microseconds in 64 bits. Beyond the years 1714 to 2285 a number doesn't hold them exactly. */
function writeTime(buffer: Buffer, time: number, offset: number): number {
  const microseconds = (time - POSTGRES_EPOCH_MS) * 1000;
  if (!Number.isSafeInteger(microseconds)) {
    return buffer.writeBigInt64BE(BigInt(time - POSTGRES_EPOCH_MS) * 1000n, offset);
  }
  const high = Math.floor(microseconds / TWO_TO_32);
  buffer.writeInt32BE(high, offset);
  return buffer.writeUInt32BE(microseconds - high * TWO_TO_32, offset + 4);
}

const DASHES = [8, 13, 18, 23];
/** Where each byte's two digits stand in a UUID's text. */
const DIGITS = Array.from({ length: 36 }, (_, place) => place)
  .filter((place) => !DASHES.includes(place))
  .filter((_, index) => index % 2 === 0);
const CODE_OF_A = 97;
const CODE_OF_0 = 48;

function writeUuid(buffer: Buffer, id: string, start: number): number {
  let offset = start;
  for (const place of DIGITS) {
    buffer[offset] = 16 * digit(id.charCodeAt(place)) + digit(id.charCodeAt(place + 1));
    offset += 1;
  }
  return offset;
}

function digit(code: number): number {
  return code >= CODE_OF_A ? code - CODE_OF_A + 10 : code - CODE_OF_0;
}

function writeProperties(buffer: Buffer, json: string | undefined, offset: number): number {
  if (json === undefined) return buffer.writeInt32BE(NULL_LENGTH, offset);
  const start = buffer.writeUInt8(JSONB_VERSION, offset + 4);
  const end = start + buffer.write(json, start, 'utf8');
  buffer.writeInt32BE(end - start + 1, offset);
  return end;
}
