import { SingleBar } from 'cli-progress';

/** What an import has done so far. */
export interface ImportCounts {
  /** Lines that were read, or records of several. */
  lines: number;
  stored: number;
  duplicates: number;
  /** Events that the server keeps on disk while its database is away. */
  accepted: number;
  /** Lines that are in the rejected file. */
  rejected: number;
  /** Lines that are readable, and no event. */
  skipped: number;
}

/** Shows how far an import is. */
export interface Progress {
  update(counts: ImportCounts, takenBytes: number): void;
  stop(): void;
}

const LINE_INTERVAL_MS = 5_000;
const BAR_REDRAWS_PER_SECOND = 5;

/**
 * A bar on a terminal, else a line every 5 seconds.
 *
 * @param size bytes in all; without it there's no time left to show
 */
export function showProgress(
  output: NodeJS.WriteStream | NodeJS.WritableStream,
  size: number | undefined,
): Progress {
  return 'isTTY' in output && output.isTTY && size !== undefined && size > 0
    ? new ProgressBar(output, size)
    : new ProgressLines(output, size);
}

/** Events a second, and seconds left, from the beginning on. */
class Pace {
  private readonly begun = performance.now();

  constructor(private readonly size: number | undefined) {}

  rate(lines: number): number {
    return Math.round((lines / Math.max(1, performance.now() - this.begun)) * 1000);
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

  constructor(stream: NodeJS.WritableStream, size: number) {
    this.pace = new Pace(size);
    this.bar = new SingleBar({
      stream,
      fps: BAR_REDRAWS_PER_SECOND,
      hideCursor: true,
      format: '{bar} {percentage} % | {lines} lines | {rate} lines/s | {left} left',
    });
    this.bar.start(size, 0, { lines: 0, rate: 0, left: '?' });
  }

  update({ lines }: ImportCounts, taken: number): void {
    const left = this.pace.left(taken);
    this.bar.update(taken, { lines, rate: this.pace.rate(lines), left });
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
  ) {
    this.pace = new Pace(size);
  }

  update({ lines }: ImportCounts, taken: number): void {
    if (performance.now() - this.shown < LINE_INTERVAL_MS) return;
    this.shown = performance.now();
    const share = this.size ? `, ${Math.floor((100 * taken) / this.size)} %` : '';
    const left = this.size ? `, ${this.pace.left(taken)} left` : '';
    this.output.write(`${lines} lines${share}, ${this.pace.rate(lines)} lines/s${left}\n`);
  }

  stop(): void {}
}

function formatSeconds(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
