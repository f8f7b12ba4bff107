type Step = () => Promise<unknown> | void;

/** What has to be ended, whatever else goes wrong: the last that began first. */
export class Cleanup {
  private readonly steps: Step[] = [];

  add(step: Step): void {
    this.steps.push(step);
  }

  /**
   * Starts something that has to be stopped. It is stopped as well when it was only starting, and
   * nobody waits for the start any more.
   */
  async start<Started>(
    starting: Promise<Started>,
    stop: (started: Started) => Promise<unknown>,
  ): Promise<Started> {
    this.add(async () => {
      const started = await starting.catch(() => undefined);
      if (started !== undefined) await stop(started);
    });
    return starting;
  }

  /** Takes every step, and says of each that fails. */
  async run(say: (line: string) => void): Promise<void> {
    for (let step = this.steps.pop(); step; step = this.steps.pop()) {
      try {
        await step();
      } catch (error) {
        say(`Could not be ended: ${String(error)}`);
      }
    }
  }
}
