/** What one person did, one event after the other. */
export class FunnelPath {
  /** By step: the latest start of a way to it. */
  private readonly starts: number[];
  /** By step: the shortest time of any way to it from its start; Infinity where it isn't reached. */
  readonly shortest: number[];
  private pending: { time: number; mask: number }[] = [];

  /** @param withinMs from the first step to the last, at most */
  constructor(
    private readonly steps: number,
    private readonly withinMs: number,
  ) {
    this.starts = Array<number>(steps).fill(Number.NEGATIVE_INFINITY);
    this.shortest = Array<number>(steps).fill(Number.POSITIVE_INFINITY);
  }

  /**
   * @param time milliseconds, never before that of the last event
   * @param mask a bit for each step that the event is
   */
  add(time: number, mask: number): void {
    if (this.pending[0] !== undefined && this.pending[0].time !== time) this.flush();
    this.pending.push({ time, mask });
  }

  /** After the last event. */
  end(): void {
    this.flush();
  }

  /**
   * The latest start leaves the most time for what follows, so that one for each step is enough. A
   * step comes later than the one before, so that events of one moment follow on what was before it.
   */
  private flush(): void {
    const before = [...this.starts];
    for (const { time, mask } of this.pending) {
      for (let step = 0; step < this.steps; step += 1) {
        if ((mask & (1 << step)) === 0) continue;
        const start = step === 0 ? time : before[step - 1]!;
        if (time - start > this.withinMs) continue;
        this.starts[step] = Math.max(this.starts[step]!, start);
        this.shortest[step] = Math.min(this.shortest[step]!, time - start);
      }
    }
    this.pending = [];
  }
}
