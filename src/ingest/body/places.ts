/** Places that a few may have at once. Who finds none waits; first come, first served. */
export class Places {
  private readonly waiting: (() => void)[] = [];

  /** @param free how many there are */
  constructor(private free: number) {}

  /** Whether somebody waits for one. */
  get isAwaited(): boolean {
    return this.waiting.length > 0;
  }

  /**
   * @param ms milliseconds to wait for one
   * @returns whether one was had, which has to be given back
   */
  async take(ms: number): Promise<boolean> {
    if (this.free > 0) {
      this.free -= 1;
      return true;
    }
    return await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => {
        this.waiting.splice(this.waiting.indexOf(enter), 1);
        resolve(false);
      }, ms);
      const enter = (): void => {
        clearTimeout(timer);
        resolve(true);
      };
      this.waiting.push(enter);
    });
  }

  give(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.free += 1;
  }
}
