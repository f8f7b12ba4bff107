import { NO_PROPERTIES, PROPERTIES, UUID_BYTES, type Dataset } from './dataset.js';

/** The order of the fields in a row. */
export const COPY_COLUMNS = 'time, id, user_seq, name_id, source_id, bot, properties';

/** What the database knows users and names by. */
export interface Numbers {
  /** By the index of the user. */
  userSeqs: Int32Array;
  /** By the index of the name. */
  nameIds: readonly number[];
}

const FIELD_COUNT = 7;
/** PostgreSQL counts microseconds from here. */
const EPOCH_MS = Date.UTC(2000, 0, 1);
const SIGNATURE = Buffer.from('PGCOPY\n\u00ff\r\n\0', 'latin1');
const DEFAULT_SOURCE = 1;
const JSONB_VERSION = 1;
const NULL_LENGTH = -1;
const PART_BYTES = 64 * 1024;
/** More than any row of the data set takes. */
const MAX_ROW_BYTES = 256;

/**
 * The first rows of the data set in the binary format of COPY (PostgreSQL manual, "COPY", binary
 * format), in parts that suit a socket.
 */
export function copyRows(dataset: Dataset, count: number, numbers: Numbers): Buffer[] {
  const parts: Buffer[] = [Buffer.concat([SIGNATURE, Buffer.alloc(8)])];
  let part = Buffer.allocUnsafe(PART_BYTES);
  let end = 0;
  for (let index = 0; index < count; index += 1) {
    if (end + MAX_ROW_BYTES > PART_BYTES) {
      parts.push(part.subarray(0, end));
      part = Buffer.allocUnsafe(PART_BYTES);
      end = 0;
    }
    end = writeRow(part, end, dataset, index, numbers);
  }
  const trailer = Buffer.alloc(2);
  trailer.writeInt16BE(-1);
  return [...parts, part.subarray(0, end), trailer];
}

/** Each field is its length and its bytes. */
function writeRow(
  to: Buffer,
  start: number,
  dataset: Dataset,
  index: number,
  { userSeqs, nameIds }: Numbers,
): number {
  let at = to.writeInt16BE(FIELD_COUNT, start);
  at = to.writeInt32BE(8, at);
  at = to.writeBigInt64BE(BigInt(dataset.times[index]! - EPOCH_MS) * 1_000n, at);
  at = to.writeInt32BE(UUID_BYTES, at);
  at += dataset.ids.copy(to, at, index * UUID_BYTES, (index + 1) * UUID_BYTES);
  at = to.writeInt32BE(4, at);
  at = to.writeInt32BE(userSeqs[dataset.users[index]!]!, at);
  at = to.writeInt32BE(4, at);
  at = to.writeInt32BE(nameIds[dataset.names[index]!]!, at);
  at = to.writeInt32BE(2, at);
  at = to.writeInt16BE(DEFAULT_SOURCE, at);
  at = to.writeInt32BE(1, at);
  at = to.writeInt8(0, at);
  return writeProperties(to, at, dataset.properties[index]!);
}

function writeProperties(to: Buffer, start: number, properties: number): number {
  if (properties === NO_PROPERTIES) return to.writeInt32BE(NULL_LENGTH, start);
  const text = PROPERTIES[properties]!;
  let at = to.writeInt32BE(1 + text.length, start);
  at = to.writeInt8(JSONB_VERSION, at);
  return at + to.write(text, at, 'latin1');
}
