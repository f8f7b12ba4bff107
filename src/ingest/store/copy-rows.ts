/** One row of the events table, by numbers. */
export interface EventRow {
  time: Date;
  /** A UUID in lower case. */
  id: string;
  userSeq: number;
  nameId: number;
  sourceId: number;
  /** JSON text of an object. */
  properties: string | undefined;
}

/** The columns that a row fills, in their order; `bot` keeps its default. */
export const COPY_COLUMNS = 'time, id, user_seq, name_id, source_id, properties';

const COLUMNS = 6;
/** Signature, flags and the length of an extension that there is none of. */
const HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
/** The number of columns, five lengths and values of fixed size, and one length. */
const FIXED_BYTES = 2 + (4 + 8) + (4 + 16) + (4 + 4) + (4 + 4) + (4 + 2) + 4;
const TRAILER_BYTES = 2;
const NULL_LENGTH = -1;
const JSONB_VERSION = 1;
/** PostgreSQL counts from 2000-01-01T00:00:00Z. */
const POSTGRES_EPOCH_MS = 946_684_800_000;
const TWO_TO_32 = 2 ** 32;
/** UTF-8 takes at most three bytes for a UTF-16 code unit. */
const MAX_BYTES_A_UNIT = 3;

/**
 * Rows in PostgreSQL's binary COPY format
 * (https://www.postgresql.org/docs/current/sql-copy.html, section Binary Format).
 */
export function encodeCopy(rows: readonly EventRow[]): Buffer {
  const buffer = Buffer.allocUnsafe(sizeOf(rows));
  let offset = HEADER.copy(buffer);
  for (const row of rows) offset = writeRow(buffer, row, offset);
  offset = buffer.writeInt16BE(-1, offset);
  return buffer.subarray(0, offset);
}

function sizeOf(rows: readonly EventRow[]): number {
  let size = HEADER.length + TRAILER_BYTES + rows.length * FIXED_BYTES;
  for (const { properties } of rows) {
    if (properties !== undefined) size += 1 + properties.length * MAX_BYTES_A_UNIT;
  }
  return size;
}

function writeRow(buffer: Buffer, row: EventRow, start: number): number {
  let offset = buffer.writeInt16BE(COLUMNS, start);
  offset = buffer.writeInt32BE(8, offset);
  offset = writeTime(buffer, row.time.getTime(), offset);
  offset = buffer.writeInt32BE(16, offset);
  offset = writeUuid(buffer, row.id, offset);
  offset = buffer.writeInt32BE(4, offset);
  offset = buffer.writeInt32BE(row.userSeq, offset);
  offset = buffer.writeInt32BE(4, offset);
  offset = buffer.writeInt32BE(row.nameId, offset);
  offset = buffer.writeInt32BE(2, offset);
  offset = buffer.writeInt16BE(row.sourceId, offset);
  return writeProperties(buffer, row.properties, offset);
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
