/**
 * Lets long pieces of work take turns with all else: one piece in each round of the event loop, so
 * that answers of the database and small requests are never behind more than one of them.
 */
export class Turns {
  private readonly waiting: (() => void)[] = [];

  /** Resolves when it's this piece's turn. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      if (this.waiting.length === 1) setImmediate(this.pass);
    });
  }

  private readonly pass = (): void => {
    this.waiting.shift()!();
    if (this.waiting.length > 0) setImmediate(this.pass);
  };
}

/** A piece of work may go on for so long before it's the others' turn. */
const SLICE_MS = 5;

/** The turns of work that comes in very many small pieces: one after each few milliseconds of it. */
export class TimeSlices {
  private endsAt = 0;

  constructor(private readonly turns: Turns) {}

  /** Whether it's time to wait for the next. */
  get isOver(): boolean {
    return performance.now() >= this.endsAt;
  }

  async next(): Promise<void> {
    await this.turns.next();
    this.endsAt = performance.now() + SLICE_MS;
  }
}
