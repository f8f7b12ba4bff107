import {
  accessSync,
  constants,
  createWriteStream,
  rmSync,
  statSync,
  type WriteStream,
} from 'node:fs';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { finished } from 'node:stream/promises';
import { ImportError } from './import-error.js';
import type { Reason } from '../refusal.js';
import type { RejectedLines } from './rejected-lines.js';

/** The rejected lines of one run. There's no file when there are none. */
export class RejectedFile implements RejectedLines {
  private stream: WriteStream | undefined;

  /**
   * Takes away what an earlier run left.
   *
   * @throws ImportError when the file can't be written
   */
  constructor(readonly path: string) {
    try {
      accessSync(dirname(path), constants.W_OK);
      // Not /dev/null, nor any other that isn't a file.
      if (statSync(path, { throwIfNoEntry: false })?.isFile()) rmSync(path);
    } catch (error) {
      throw unusable(error, 2);
    }
  }

  /**
   * The line's number, the reason and the line, with tabs between.
   *
   * @throws ImportError when it can't be written, such as to a full disk
   */
  async add(line: number, { code, message }: Reason, text: string): Promise<void> {
    try {
      this.stream ??= await this.open();
      if (this.stream.errored) throw this.stream.errored;
      if (!this.stream.write(`${line}\t${code}: ${message}\t${text}\n`)) {
        await once(this.stream, 'drain');
      }
    } catch (error) {
      throw unusable(error, 1);
    }
  }

  /** @throws ImportError when not all of it is written */
  async close(): Promise<void> {
    if (!this.stream) return;
    try {
      this.stream.end();
      await finished(this.stream);
    } catch (error) {
      throw unusable(error, 1);
    }
  }

  private async open(): Promise<WriteStream> {
    const stream = createWriteStream(this.path);
    await once(stream, 'open');
    // A later failure is told by the next line, or at the end.
    stream.on('error', () => {});
    return stream;
  }
}

function unusable(error: unknown, exitCode: 1 | 2): ImportError {
  const reason = error instanceof Error ? error.message : String(error);
  return new ImportError(
    `Rejected lines can't be written: ${reason}. Choose a place by --rejected FILE.`,
    exitCode,
  );
}
