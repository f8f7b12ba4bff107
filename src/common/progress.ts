import { SingleBar } from 'cli-progress';

/** Shows how far something is that takes long. */
export interface Progress {
  /**
   * @param count of what is counted, such as lines
   * @param taken of the size
   */
  update(count: number, taken: number): void;
  stop(): void;
}

const LINE_INTERVAL_MS = 5_000;
const BAR_REDRAWS_PER_SECOND = 5;
/** Fewer a second are shown with a decimal. */
const SLOW = 10;

/**
 * A bar on a terminal, else a line every 5 seconds.
 *
 * @param size all there is to take, such as bytes; without it there's no time left to show
 * @param noun what is counted, in the plural
 */
export function showProgress(
  output: NodeJS.WriteStream | NodeJS.WritableStream,
  size: number | undefined,
  noun: string,
): Progress {
  return 'isTTY' in output && output.isTTY && size !== undefined && size > 0
    ? new ProgressBar(output, size, noun)
    : new ProgressLines(output, size, noun);
}

/** How many a second, and seconds left, from the beginning on. */
class Pace {
  private readonly begun = performance.now();

  constructor(private readonly size: number | undefined) {}

  rate(count: number): string {
    const rate = (count / Math.max(1, performance.now() - this.begun)) * 1000;
    return rate < SLOW ? rate.toFixed(1) : Math.round(rate).toString();
  }

  left(taken: number): string {
    if (this.size === undefined || taken === 0) return '';
    const elapsed = (performance.now() - this.begun) / 1000;
    return formatSeconds(Math.max(0, (elapsed / taken) * (this.size - taken)));
  }
}

class ProgressBar implements Progress {
  private readonly bar: SingleBar;
  private readonly pace: Pace;

  constructor(stream: NodeJS.WritableStream, size: number, noun: string) {
    this.pace = new Pace(size);
    this.bar = new SingleBar({
      stream,
      fps: BAR_REDRAWS_PER_SECOND,
      hideCursor: true,
      format: `{bar} {percentage} % | {count} ${noun} | {rate} ${noun}/s | {left} left`,
    });
    this.bar.start(size, 0, { count: 0, rate: 0, left: '?' });
  }

  update(count: number, taken: number): void {
    const left = this.pace.left(taken);
    this.bar.update(taken, { count, rate: this.pace.rate(count), left });
  }

  stop(): void {
    this.bar.stop();
  }
}

class ProgressLines implements Progress {
  private readonly pace: Pace;
  private shown = performance.now();

  constructor(
    private readonly output: NodeJS.WritableStream,
    private readonly size: number | undefined,
    private readonly noun: string,
  ) {
    this.pace = new Pace(size);
  }

  update(count: number, taken: number): void {
    if (performance.now() - this.shown < LINE_INTERVAL_MS) return;
    this.shown = performance.now();
    const share = this.size ? `, ${Math.floor((100 * taken) / this.size)} %` : '';
    const left = this.size ? `, ${this.pace.left(taken)} left` : '';
    const { noun, pace } = this;
    this.output.write(`${count} ${noun}${share}, ${pace.rate(count)} ${noun}/s${left}\n`);
  }

  stop(): void {}
}

function formatSeconds(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
