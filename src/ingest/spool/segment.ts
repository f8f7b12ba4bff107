import { open, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

/** The file isn't at its place any more: another process took it over for one that had ended. */
export class SegmentTakenError extends Error {
  override name = 'SegmentTakenError';
}

/** A file of the spool that is being written. What `append` has answered for is on the disk. */
export class Segment {
  /** Bytes that are on the disk for sure. */
  size = 0;

  private constructor(
    readonly path: string,
    private readonly file: FileHandle,
  ) {}

  /** The folder is synced as well: a file that isn't named there is lost in a crash. */
  static async create(path: string): Promise<Segment> {
    const file = await open(path, 'wx', 0o600);
    try {
      const folder = await open(dirname(path), 'r');
      await folder.sync().finally(() => folder.close());
      return new Segment(path, file);
    } catch (error) {
      await file.close();
      await rm(path, { force: true });
      throw error;
    }
  }

  /**
   * Writes and syncs. After a failure the file ends where it ended before, as far as that's possible.
   *
   * @throws SegmentTakenError when whoever took the file may have read it before this was in it
   */
  async append(bytes: Buffer): Promise<void> {
    try {
      await this.write(bytes);
      await this.file.datasync();
    } catch (error) {
      await this.file.truncate(this.size).catch(() => {});
      throw error;
    }
    await this.expectInPlace();
    this.size += bytes.length;
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  private async write(bytes: Buffer): Promise<void> {
    let written = 0;
    while (written < bytes.length) {
      const rest = bytes.length - written;
      const result = await this.file.write(bytes, written, rest, this.size + written);
      written += result.bytesWritten;
    }
  }

  private async expectInPlace(): Promise<void> {
    const there = await stat(this.path).catch(() => undefined);
    const { ino } = await this.file.stat();
    if (there?.ino !== ino) throw new SegmentTakenError(this.path);
  }
}
