import { GAP, markOf } from './entries.js';
import type { EventStream } from './event-stream.js';
import { passes, type LiveFilter } from './live-request.js';
import type { Ring } from './ring.js';

/** The process that a client comes back to may hear what it had a little later than the one before. */
const RESUME_MS = 1_000;
/** Messages that are written at once. */
const PORTION = 50;

/** One client: what it gets of the feed, and where it is. */
export class Subscriber {
  /** Its place in the feed: all before it was passed on. */
  private place: number;
  /** The message that it goes on after, while that is neither here nor known to be missing. */
  private awaited: { id: string; timer: NodeJS.Timeout } | undefined;
  /** The last id that the client was told. */
  private toldId: string | undefined;

  constructor(
    readonly stream: EventStream,
    private readonly filter: LiveFilter,
    private readonly ring: Ring,
  ) {
    this.place = ring.end;
    stream.onDrained(() => this.advance());
  }

  /** @param lastEventId of the message that it goes on after; without one it begins with the next */
  begin(lastEventId: string | undefined): void {
    if (lastEventId !== undefined) {
      const timer = setTimeout(() => this.missing(), RESUME_MS).unref();
      this.awaited = { id: lastEventId, timer };
    }
    this.advance();
    this.tellPlace();
  }

  /** Passes on what there is, as fast as the client takes it; breaks off when it's too late for that. */
  advance(): void {
    if (this.awaited && !this.find(this.awaited.id)) return;
    if (this.place < this.ring.start) {
      this.stream.breakOff();
      return;
    }
    while (this.place < this.ring.end && !this.stream.isFull) this.pass();
  }

  /** Messages may be missing before the next ones, which are those that come from now on. */
  gap(): void {
    this.stopWaiting();
    this.place = this.ring.end;
    this.stream.write(GAP);
  }

  heartbeat(): void {
    this.stream.write(':\n\n');
    this.tellPlace();
  }

  leave(): void {
    this.stopWaiting();
  }

  private find(id: string): boolean {
    const place = this.ring.placeAfter(id);
    if (place === undefined) return false;
    this.stopWaiting();
    this.place = place;
    return true;
  }

  /** What came since it's here isn't missing. */
  private missing(): void {
    const place = Math.max(this.place, this.ring.start);
    this.gap();
    this.place = place;
    this.advance();
    this.tellPlace();
  }

  private stopWaiting(): void {
    clearTimeout(this.awaited?.timer);
    this.awaited = undefined;
  }

  private pass(): void {
    const entries = this.ring.read(this.place, PORTION);
    this.place += entries.length;
    const passed = entries.filter(({ traits }) => !traits || passes(this.filter, traits));
    if (passed.length === 0) return;
    this.toldId = passed.at(-1)!.id;
    this.stream.write(passed.map(({ text }) => text).join(''));
  }

  /** Without it a client that filters much would come back with an id of long ago. */
  private tellPlace(): void {
    const { lastId, end } = this.ring;
    if (this.awaited || this.place < end || lastId === undefined || lastId === this.toldId) return;
    this.toldId = lastId;
    this.stream.write(markOf(lastId).text);
  }
}
