/** A larger one isn't kept for what comes next. */
const KEPT_BYTES = 64 * 1024;

/** Bytes that come in pieces of any size: each is copied, since the smallest takes 100 bytes as such. */
export class GrowingBuffer {
  private buffer: Buffer;
  private length = 0;

  /** @param buffer what to fill first, instead of memory of its own */
  constructor(buffer: Buffer = Buffer.alloc(0)) {
    this.buffer = buffer;
  }

  /** All that was appended. Valid until it's cleared. */
  get bytes(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  append(piece: Buffer): void {
    const end = this.length + piece.length;
    if (end > this.buffer.length) this.grow(end);
    piece.copy(this.buffer, this.length);
    this.length = end;
  }

  clear(): void {
    this.length = 0;
    if (this.buffer.length > KEPT_BYTES) this.buffer = Buffer.alloc(0);
  }

  /** By half at least, so that each byte is copied a few times at most. */
  private grow(bytes: number): void {
    const larger = Buffer.allocUnsafe(Math.max(bytes, Math.ceil(1.5 * this.buffer.length)));
    this.buffer.copy(larger, 0, 0, this.length);
    this.buffer = larger;
  }
}
