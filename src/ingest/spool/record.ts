import { crc32 } from 'node:zlib';

/**
 * A record of the spool: a mark, the payload's length, the same inverted, a checksum (CRC-32, as in
 * zlib) of the payload, and the payload, which is UTF-8. The mark holds bytes that UTF-8 never has,
 * so behind a damaged record the next one can be found; the length stands twice so that one which
 * was damaged isn't taken for that of a record which was cut off.
 */
const MARK = Buffer.from([0xff, 0xfe, 0xc1, 0xf5]);
const LENGTH_OFFSET = MARK.length;
const INVERSE_OFFSET = LENGTH_OFFSET + 4;
const CHECKSUM_OFFSET = INVERSE_OFFSET + 4;
const HEADER_BYTES = CHECKSUM_OFFSET + 4;
/** No record is longer: a length beyond it is damaged. */
const MAX_PAYLOAD_BYTES = 16 * 1024 * 1024;

/** What bytes of a spool's file hold. */
export interface DecodedRecords {
  payloads: string[];
  /** Stretches that are no record, and aren't torn. */
  damaged: { start: number; end: number }[];
  /** A last record that was being written when the process or the machine ended, if any. */
  torn: { start: number; end: number } | undefined;
}

export function encodeRecord(payload: string): Buffer {
  const length = Buffer.byteLength(payload);
  const record = Buffer.allocUnsafe(HEADER_BYTES + length);
  MARK.copy(record);
  record.writeUInt32LE(length, LENGTH_OFFSET);
  record.writeUInt32LE(~length >>> 0, INVERSE_OFFSET);
  record.write(payload, HEADER_BYTES, 'utf8');
  record.writeUInt32LE(crc32(record.subarray(HEADER_BYTES)), CHECKSUM_OFFSET);
  return record;
}

/** Reads all whole records; what lies between them is damaged, and an incomplete last one is torn. */
export function decodeRecords(bytes: Buffer): DecodedRecords {
  const decoded: DecodedRecords = { payloads: [], damaged: [], torn: undefined };
  let offset = 0;
  while (offset < bytes.length) {
    const end = endOfRecord(bytes, offset);
    if (end !== undefined) {
      decoded.payloads.push(bytes.toString('utf8', offset + HEADER_BYTES, end));
      offset = end;
      continue;
    }
    const next = findRecord(bytes, offset + 1);
    const stretch = { start: offset, end: next ?? bytes.length };
    if (next === undefined && isTorn(bytes, offset)) decoded.torn = stretch;
    else decoded.damaged.push(stretch);
    offset = stretch.end;
  }
  return decoded;
}

/** @returns where the record that begins at the offset ends; undefined when there is no whole one */
function endOfRecord(bytes: Buffer, offset: number): number | undefined {
  const length = lengthAt(bytes, offset);
  if (length === undefined) return undefined;
  const start = offset + HEADER_BYTES;
  const end = start + length;
  if (end > bytes.length) return undefined;
  const isWhole =
    crc32(bytes.subarray(start, end)) === bytes.readUInt32LE(offset + CHECKSUM_OFFSET);
  return isWhole ? end : undefined;
}

/** @returns the payload's length that a whole header tells, or undefined where there is none */
function lengthAt(bytes: Buffer, offset: number): number | undefined {
  if (offset + HEADER_BYTES > bytes.length) return undefined;
  if (bytes.compare(MARK, 0, MARK.length, offset, offset + MARK.length) !== 0) return undefined;
  const length = bytes.readUInt32LE(offset + LENGTH_OFFSET);
  const isSound = bytes.readUInt32LE(offset + INVERSE_OFFSET) === ~length >>> 0;
  return isSound && length <= MAX_PAYLOAD_BYTES ? length : undefined;
}

function findRecord(bytes: Buffer, from: number): number | undefined {
  let offset = bytes.indexOf(MARK, from);
  while (offset !== -1) {
    if (endOfRecord(bytes, offset) !== undefined) return offset;
    offset = bytes.indexOf(MARK, offset + 1);
  }
  return undefined;
}

/**
 * A write that was cut off leaves a record that is shorter than it says, or nothing but zeros, which
 * the file system fills in for what it hadn't written. Anything else may have been whole before, a
 * record that only ends in zeros too.
 */
function isTorn(bytes: Buffer, offset: number): boolean {
  const rest = bytes.subarray(offset);
  if (rest.every((byte) => byte === 0)) return true;
  if (rest.length < HEADER_BYTES) {
    const length = Math.min(rest.length, MARK.length);
    return rest.subarray(0, length).equals(MARK.subarray(0, length));
  }
  const length = lengthAt(bytes, offset);
  return length !== undefined && HEADER_BYTES + length > rest.length;
}
