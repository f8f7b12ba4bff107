import { OverloadedError } from '../../common/errors.js';
import type { NormalisedEvent } from '../normalise.js';
import type { Outcome } from '../outcome.js';

/** Events that wait or are being stored: beyond it there is no room for more. */
const MAX_EVENTS = 60_000;
/** The same in bytes. */
const MAX_BYTES = 32 * 1024 * 1024;
/** Kept for requests of ordinary size, so that a few giants don't shut all others out. */
const RESERVE_BYTES = 16 * 1024 * 1024;
const SMALL_BYTES = 1024 * 1024;
/** What one batch takes. A single request may be larger, and is never taken apart. */
const MAX_GROUP_EVENTS = 10_000;
const MAX_GROUP_BYTES = 8 * 1024 * 1024;
/** An event in memory without its texts. */
export const EVENT_BYTES = 250;

/** Events of one request, and who waits for them. */
export interface WriteRequest {
  readonly events: readonly NormalisedEvent[];
  readonly bytes: number;
  resolve: (outcomes: Outcome[]) => void;
  reject: (error: unknown) => void;
}

/** Requests that wait for a free connection, in their order. Bounded by count and bytes. */
export class WriteQueue {
  private waiting: WriteRequest[] = [];
  private head = 0;
  private events = 0;
  private bytes = 0;

  /** Events that no batch has taken yet. */
  waitingEvents = 0;

  get isEmpty(): boolean {
    return this.head === this.waiting.length;
  }

  /** @throws OverloadedError when there is no room; the first request always has some */
  push(events: readonly NormalisedEvent[]): Promise<Outcome[]> {
    const bytes = sizeOf(events);
    const reserve = bytes <= SMALL_BYTES ? RESERVE_BYTES : 0;
    const isFull =
      this.events + events.length > MAX_EVENTS || this.bytes + bytes > MAX_BYTES + reserve;
    if (isFull && this.events > 0) throw new OverloadedError();
    this.events += events.length;
    this.bytes += bytes;
    this.waitingEvents += events.length;
    return new Promise((resolve, reject) => {
      this.waiting.push({ events, bytes, resolve, reject });
    });
  }

  /** All that wait, up to what one batch takes. They have their room until `release`. */
  takeGroup(): WriteRequest[] {
    const start = this.head;
    let events = 0;
    let bytes = 0;
    while (this.head < this.waiting.length) {
      const next = this.waiting[this.head]!;
      events += next.events.length;
      bytes += next.bytes;
      const isFull = events > MAX_GROUP_EVENTS || bytes > MAX_GROUP_BYTES;
      if (isFull && this.head > start) break;
      this.head += 1;
    }
    const group = this.waiting.slice(start, this.head);
    for (const taken of group) this.waitingEvents -= taken.events.length;
    if (this.isEmpty) {
      this.waiting = [];
      this.head = 0;
    }
    return group;
  }

  /** Makes room again for what the requests held. */
  release(requests: readonly WriteRequest[]): void {
    for (const { events, bytes } of requests) {
      this.events -= events.length;
      this.bytes -= bytes;
    }
  }
}

function sizeOf(events: readonly NormalisedEvent[]): number {
  let bytes = 0;
  for (const { user, name, properties, identity } of events) {
    const texts =
      (user?.length ?? 0) + name.length + (properties?.length ?? 0) + (identity?.length ?? 0);
    bytes += EVENT_BYTES + 2 * texts;
  }
  return bytes;
}
