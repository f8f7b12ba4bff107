import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const SAMPLE_INTERVAL_MS = 250;
const MB = 1024 * 1024;

/** Samples the resident memory of a process until it is stopped. */
export class MemoryWatch {
  /** In MB (2^20 bytes), in the order of time. */
  readonly samples: number[] = [];
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly pid: number) {
    this.timer = setInterval(() => void this.sample(), SAMPLE_INTERVAL_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async sample(): Promise<void> {
    // A process that has ended fails the measurement itself.
    const megabytes = await readResidentMb(this.pid).catch(() => undefined);
    if (megabytes !== undefined) this.samples.push(megabytes);
  }
}

/** Of a process, in MB (2^20 bytes). */
export async function readResidentMb(pid: number): Promise<number> {
  const kilobytes = existsSync('/proc/self/status')
    ? /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]
    : (await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)])).stdout;
  if (kilobytes === undefined) throw new Error(`Process ${pid} has ended`);
  return (Number(kilobytes) * 1024) / MB;
}
