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
