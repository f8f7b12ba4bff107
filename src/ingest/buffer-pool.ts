const SMALLEST_BYTES = 256 * 1024;
/** Larger ones, of rare batches, are left to the garbage collector. */
const LARGEST_KEPT_BYTES = 4 * 1024 * 1024;

/** Buffers that are used again: memory that the system has to provide anew costs more than to fill it. */
export class BufferPool {
  private readonly kept: Buffer[] = [];

  /** @param maxKept as many as are in use at once at most times */
  constructor(private readonly maxKept: number) {}

  /** @returns a buffer of so many bytes at least, filled with whatever it held */
  take(bytes: number): Buffer {
    const index = this.kept.findIndex((buffer) => buffer.length >= bytes);
    if (index !== -1) return this.kept.splice(index, 1)[0]!;
    const size = Math.max(SMALLEST_BYTES, 2 ** Math.ceil(Math.log2(bytes)));
    return Buffer.allocUnsafeSlow(size);
  }

  /** When nobody reads it any more. */
  give(buffer: Buffer): void {
    if (buffer.length > LARGEST_KEPT_BYTES) return;
    this.kept.push(buffer);
    // The smallest are of the least use.
    this.kept.sort((a, b) => a.length - b.length);
    if (this.kept.length > this.maxKept) this.kept.shift();
  }
}
