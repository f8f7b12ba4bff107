import type { Entry } from './entries.js';

const MAX_ENTRIES = 1_000;
const MAX_BYTES = 4 * 1024 * 1024;

/** The latest messages of the feed, for clients that come back. */
export class Ring {
  private readonly entries: Entry[] = [];
  private bytes = 0;
  /** How many messages there ever were. */
  private count = 0;

  get isEmpty(): boolean {
    return this.entries.length === 0;
  }

  /** The place of the oldest message. */
  get start(): number {
    return this.count - this.entries.length;
  }

  /** The place behind the latest message. */
  get end(): number {
    return this.count;
  }

  /** Of the latest message. */
  get lastId(): string | undefined {
    return this.entries.at(-1)?.id;
  }

  push(entry: Entry): void {
    this.entries.push(entry);
    this.count += 1;
    this.bytes += Buffer.byteLength(entry.text);
    while (this.entries.length > MAX_ENTRIES || this.bytes > MAX_BYTES) {
      this.bytes -= Buffer.byteLength(this.entries.shift()!.text);
    }
  }

  /** @returns the place behind a message; undefined where that isn't here */
  placeAfter(id: string): number | undefined {
    const index = this.entries.findLastIndex((entry) => entry.id === id);
    return index === -1 ? undefined : this.start + index + 1;
  }

  /** @returns so many messages from a place on, or fewer at the end */
  read(place: number, count: number): Entry[] {
    return this.entries.slice(place - this.start, place - this.start + count);
  }

  clear(): void {
    this.entries.length = 0;
    this.bytes = 0;
  }
}
