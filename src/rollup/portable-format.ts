import { isBits, MAX_ARRAY, sizeOf, WORDS, type Container } from './container.js';

/*
 * The portable format of Roaring bitmaps (https://github.com/RoaringBitmap/RoaringFormatSpec): a
 * cookie, the key and size of each container, where each begins, and the containers; all of it
 * little-endian. Any Roaring library and the pg_roaringbitmap extension read and write it.
 */

const COOKIE_WITHOUT_RUNS = 12_346;
const COOKIE_WITH_RUNS = 12_347;
/** With runs, fewer containers than this have no offsets. */
const MIN_WITH_OFFSETS = 4;
const HEADER_BYTES = 8;
const BITS_BYTES = 4 * WORDS;

/** These bytes are no bitmap in the portable format. */
export class FormatError extends Error {
  override name = 'FormatError';
}

/** @param containers by their key, the high 16 bits, in rising order; none of them empty */
export function writePortable(containers: readonly [number, Container][]): Buffer {
  const sizes = containers.map(([, container]) => sizeOf(container));
  const start = HEADER_BYTES + 8 * containers.length;
  const length = sizes.reduce((sum, size) => sum + bytesFor(size), start);
  const bytes = Buffer.allocUnsafe(length);
  bytes.writeUInt32LE(COOKIE_WITHOUT_RUNS, 0);
  bytes.writeUInt32LE(containers.length, 4);
  let offset = start;
  for (const [index, [key, container]] of containers.entries()) {
    bytes.writeUInt16LE(key, HEADER_BYTES + 4 * index);
    bytes.writeUInt16LE(sizes[index]! - 1, HEADER_BYTES + 4 * index + 2);
    bytes.writeUInt32LE(offset, HEADER_BYTES + 4 * containers.length + 4 * index);
    offset = writeContainer(bytes, container, sizes[index]!, offset);
  }
  return bytes;
}

function bytesFor(size: number): number {
  return size > MAX_ARRAY ? BITS_BYTES : 2 * size;
}

/** By its size alone a reader tells which of the forms it has. */
function writeContainer(bytes: Buffer, container: Container, size: number, start: number): number {
  let offset = start;
  if (!isBits(container)) {
    for (const value of container) offset = bytes.writeUInt16LE(value, offset);
    return offset;
  }
  if (size > MAX_ARRAY) {
    bytes.set(new Uint8Array(container.buffer, container.byteOffset, BITS_BYTES), offset);
    return offset + BITS_BYTES;
  }
  for (let index = 0; index < WORDS; index += 1) {
    for (let word = container[index]!; word !== 0; word &= word - 1) {
      offset = bytes.writeUInt16LE(32 * index + 31 - Math.clz32(word & -word), offset);
    }
  }
  return offset;
}

/** @throws FormatError */
export function readPortable(bytes: Uint8Array): [number, Container][] {
  try {
    return new Reader(bytes).read();
  } catch (error) {
    if (error instanceof RangeError) throw new FormatError('a bitmap that ends too early');
    throw error;
  }
}

class Reader {
  private readonly view: DataView;
  private offset = 0;

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  read(): [number, Container][] {
    const cookie = this.uint32();
    const hasRuns = (cookie & 0xffff) === COOKIE_WITH_RUNS;
    if (!hasRuns && cookie !== COOKIE_WITHOUT_RUNS) throw new FormatError('not a Roaring bitmap');
    const count = hasRuns ? (cookie >>> 16) + 1 : this.uint32();
    const isRun = hasRuns ? this.take(Math.ceil(count / 8)) : new Uint8Array(Math.ceil(count / 8));
    const descriptions = Array.from({ length: count }, () => [this.uint16(), this.uint16() + 1]);
    if (!hasRuns || count >= MIN_WITH_OFFSETS) this.take(4 * count);
    return descriptions.map(([key, size], index) => {
      const run = (isRun[index >> 3]! & (1 << (index & 7))) !== 0;
      return [key!, run ? this.runs() : this.container(size!)];
    });
  }

  private container(size: number): Container {
    // Copied, since what the database sends stands at odd places of larger buffers.
    return size > MAX_ARRAY
      ? new Uint32Array(this.take(BITS_BYTES).slice().buffer)
      : new Uint16Array(this.take(2 * size).slice().buffer);
  }

  private runs(): Container {
    const bits = new Uint32Array(WORDS);
    const count = this.uint16();
    for (let run = 0; run < count; run += 1) {
      const start = this.uint16();
      const end = start + this.uint16();
      for (let value = start; value <= end; value += 1) bits[value >>> 5]! |= 1 << (value & 31);
    }
    return bits;
  }

  private uint16(): number {
    this.offset += 2;
    return this.view.getUint16(this.offset - 2, true);
  }

  private uint32(): number {
    this.offset += 4;
    return this.view.getUint32(this.offset - 4, true);
  }

  private take(length: number): Uint8Array {
    const start = this.offset;
    this.offset += length;
    if (this.offset > this.bytes.length) throw new RangeError('too short');
    // Not the buffer's own slice, which would share its memory.
    return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset + start, length);
  }
}
