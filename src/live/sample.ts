/** What one process publishes in a second, and at once after a pause. */
const MAX_EVENTS = 200;
const EVENTS_A_MS = MAX_EVENTS / 1_000;

/**
 * Takes any number of items and keeps a few of them, in order: as many as may be sent. Which ones,
 * of more than that, is up to chance, so that a flood doesn't hide what comes at its end.
 */
export class Sample<Item> {
  private kept: Item[] = [];
  private seen = 0;
  private omitted = 0;
  /** How many may be sent at `filledAt`; below 0 where some were sent ahead. */
  private allowance = MAX_EVENTS;
  private filledAt = Number.NEGATIVE_INFINITY;

  /**
   * @param aheadMs how long after an item the next are sent: what may be sent until then counts
   * @param random from 0 to less than 1
   */
  constructor(
    private readonly aheadMs: number,
    private readonly random: () => number = Math.random,
  ) {}

  /** Whether there is nothing to send and nothing to tell. */
  get isEmpty(): boolean {
    return this.kept.length === 0 && this.omitted === 0;
  }

  /** @param now milliseconds, of any origin */
  offer(items: readonly Item[], now: number): void {
    const room = this.allowanceAt(now + this.aheadMs);
    for (const item of items) {
      this.seen += 1;
      if (this.kept.length < room) this.kept.push(item);
      else this.replaceOne(item);
    }
  }

  /** @returns what is to be sent, and how many were left out; they are forgotten */
  take(now: number): { items: Item[]; omitted: number } {
    const { kept: items, omitted } = this;
    this.allowance = this.allowanceAt(now) - items.length;
    this.filledAt = now;
    this.clear();
    return { items, omitted };
  }

  /** Counts some that were taken and couldn't be sent. */
  miss(count: number): void {
    this.omitted += count;
  }

  clear(): void {
    this.kept = [];
    this.seen = 0;
    this.omitted = 0;
  }

  private allowanceAt(now: number): number {
    return Math.min(MAX_EVENTS, this.allowance + (now - this.filledAt) * EVENTS_A_MS);
  }

  /** Each item that was seen is as likely as the others to be among those that are kept. */
  private replaceOne(item: Item): void {
    this.omitted += 1;
    const place = Math.floor(this.random() * this.seen);
    if (place >= this.kept.length) return;
    this.kept.splice(place, 1);
    this.kept.push(item);
  }
}
