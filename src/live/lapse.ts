/** Notes when nothing was heard of something for a while. */
export class Lapse {
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly onOver: () => void) {}

  /** The while begins anew. */
  renew(ms: number): void {
    this.stop();
    this.timer = setTimeout(this.onOver, ms).unref();
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}
