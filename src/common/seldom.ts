/** Does again what would be done very often, such as a warning, only after some time. */
export class Seldom {
  private doneAt = Number.NEGATIVE_INFINITY;

  /** @param pauseMs from one time to the next, in milliseconds */
  constructor(private readonly pauseMs: number) {}

  /** Does it, or leaves it. */
  do(work: () => void): void {
    const now = performance.now();
    if (now - this.doneAt < this.pauseMs) return;
    this.doneAt = now;
    work();
  }
}
