import { createWriteStream, rmSync, type WriteStream } from 'node:fs';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { ImportError } from './import-error.js';
import type { LineProblem } from './lines.js';

/** The rejected lines of one run. There's no file when there are none. */
export class RejectedFile {
  private stream: WriteStream | undefined;

  /**
   * Takes away what an earlier run left.
   *
   * @throws ImportError when the file can't be written
   */
  constructor(readonly path: string) {
    this.attempt(() => rmSync(path, { force: true }));
  }

  /** The line's number, the reason and the line, with tabs between. */
  async add(line: number, { code, message }: LineProblem, text: string): Promise<void> {
    this.stream ??= await this.open();
    if (!this.stream.write(`${line}\t${code}: ${message}\t${text}\n`)) {
      await once(this.stream, 'drain');
    }
  }

  async close(): Promise<void> {
    this.stream?.end();
    if (this.stream) await finished(this.stream);
  }

  private async open(): Promise<WriteStream> {
    const stream = createWriteStream(this.path);
    try {
      await once(stream, 'open');
      return stream;
    } catch (error) {
      throw this.unusable(error);
    }
  }

  private attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      throw this.unusable(error);
    }
  }

  private unusable(error: unknown): ImportError {
    const reason = error instanceof Error ? error.message : String(error);
    return new ImportError(
      `Rejected lines can't be written: ${reason}. Choose a place by --rejected FILE.`,
      2,
    );
  }
}
