import { randomBytes } from 'node:crypto';
import {
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Clock } from '../../common/clock.js';
import { parseJsonObject } from '../../common/json-object.js';

/** Who writes a folder, how much waits in it, and, by the file's time, that its process lives. */
const OWNER_FILE = 'owner.json';
const SEGMENT = /\.log$/;
/** An owner that says nothing for so long has ended, or its machine has. */
const SILENT_MS = 30_000;
/** Within the root: what couldn't be read. */
export const DAMAGED = 'damaged';
/** The same: what the database refused. */
export const DEAD_LETTERS = 'dead-letter.ndjson';

/** How much waits. */
export interface Waiting {
  events: number;
  bytes: number;
}

/** A file that was taken over. */
export interface SpoolFile {
  path: string;
  bytes: number;
}

/** Folders of this process: its number alone doesn't tell it from an earlier one. */
const ownFolders = new Set<string>();

/**
 * The spool's folders: one for each process, so that no two write the same file, and what their
 * processes left is taken over by those that live. A file is taken by renaming it, which only one
 * can do; a writer that was taken for dead notices that its file is gone before it answers.
 *
 *     spool/INSTALLATION/OWNER/TIME-NUMBER.log   what waits for the database of that number
 *     spool/INSTALLATION/damaged/                what couldn't be read
 *     spool/INSTALLATION/dead-letter.ndjson      what the database refused later
 */
export class SpoolDirectory {
  private constructor(
    readonly root: string,
    private readonly own: string,
    private readonly clock: Clock,
  ) {}

  /**
   * @param root made where it's missing
   * @param installation the database's own number: what waits for one never goes to another
   */
  static async open(root: string, installation: string, clock: Clock): Promise<SpoolDirectory> {
    const home = join(root, installation);
    const own = join(home, `${process.pid}-${randomBytes(4).toString('hex')}`);
    const directory = new SpoolDirectory(home, own, clock);
    await directory.make();
    return directory;
  }

  /** Makes the own folder, again where it was taken for a dead process's. */
  async make(): Promise<void> {
    await mkdir(this.own, { recursive: true, mode: 0o700 });
    ownFolders.add(this.own);
    await this.tell({ events: 0, bytes: 0 });
  }

  /** Names sort by time, whoever wrote the file. */
  newSegmentPath(): string {
    const time = String(this.clock.now()).padStart(14, '0');
    return join(this.own, `${time}-${randomBytes(4).toString('hex')}.log`);
  }

  /** Says that this process lives, and how much waits. */
  async tell(waiting: Waiting): Promise<void> {
    const owner = { pid: process.pid, host: hostname(), ...waiting };
    const path = join(this.own, OWNER_FILE);
    // On a full disk the time alone can still be set.
    await writeFile(path, JSON.stringify(owner)).catch(async () => {
      const now = new Date(this.clock.now());
      await utimes(path, now, now).catch(() => {});
    });
  }

  /** Takes over the files of processes that ended. @returns their new places, the oldest first */
  async claimOrphans(): Promise<SpoolFile[]> {
    const claimed: SpoolFile[] = [];
    for (const owner of await this.otherOwners()) {
      if (await this.isAlive(owner)) continue;
      for (const name of await segmentsOf(owner)) {
        const path = join(this.own, name);
        if (await moved(join(owner, name), path)) claimed.push({ path, bytes: await sizeOf(path) });
      }
      await rm(join(owner, OWNER_FILE), { force: true });
      // Another process may have been quicker, or still have a file to take.
      await rmdir(owner).catch(() => {});
    }
    return claimed.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  }

  /**
   * How much waits, the bytes as they lie there. Files that are taken over meanwhile may count twice.
   *
   * @param ownEvents what this process knows; the others told theirs within the last seconds
   */
  async waiting(ownEvents: number): Promise<Waiting> {
    const sum = { events: ownEvents, bytes: 0 };
    for (const owner of [...(await this.otherOwners()), this.own]) {
      for (const name of await segmentsOf(owner)) sum.bytes += await sizeOf(join(owner, name));
      if (owner === this.own) continue;
      const told = await readOwner(owner);
      sum.events += Number(told?.['events'] ?? 0);
    }
    return sum;
  }

  /** Keeps bytes that couldn't be read. @returns the file's path; the same again for the same bytes */
  async setAside(segment: string, start: number, bytes: Buffer): Promise<string> {
    const folder = join(this.root, DAMAGED);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, `${basename(segment, '.log')}-${start}.bin`);
    await writeSynced(path, bytes);
    return path;
  }

  /** Keeps what the database refuses, a JSON text a line. */
  async addDeadLetters(lines: readonly string[]): Promise<string> {
    const path = join(this.root, DEAD_LETTERS);
    const text = lines.map((line) => `${line}\n`).join('');
    // Who cleans the file takes it from its place, and may have read it before this was in it.
    while (!(await appended(path, text)));
    return path;
  }

  /** Takes a file over from another process that lives, which notices. @returns its new place */
  async takeOver({ path }: SpoolFile): Promise<SpoolFile | undefined> {
    const place = join(this.own, basename(path));
    return (await moved(path, place)) ? { path: place, bytes: await sizeOf(place) } : undefined;
  }

  /** Files that wait in the folders of other processes, of those that live too. */
  async othersFiles(): Promise<SpoolFile[]> {
    const files: SpoolFile[] = [];
    for (const owner of await this.otherOwners()) {
      for (const name of await segmentsOf(owner)) {
        files.push({ path: join(owner, name), bytes: await sizeOf(join(owner, name)) });
      }
    }
    return files;
  }

  /** Removes the own folder when nothing waits in it, and those above when they're empty, too. */
  async close(): Promise<void> {
    ownFolders.delete(this.own);
    if ((await segmentsOf(this.own)).length > 0) return;
    await rm(this.own, { recursive: true, force: true });
    for (const folder of [this.root, dirname(this.root)]) await rmdir(folder).catch(() => {});
  }

  private async otherOwners(): Promise<string[]> {
    const entries = await readdir(this.root, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && entry.name !== DAMAGED)
      .map(({ name }) => join(this.root, name))
      .filter((path) => path !== this.own);
  }

  private async isAlive(owner: string): Promise<boolean> {
    if (ownFolders.has(owner)) return true;
    const told = await readOwner(owner);
    const isHere = told?.['host'] === hostname();
    if (isHere && !isRunning(Number(told?.['pid']))) return false;
    const path = told === undefined ? owner : join(owner, OWNER_FILE);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: 0 }));
    return this.clock.now() - mtimeMs < SILENT_MS;
  }
}

/** Not this process, whose own folders are known. */
function isRunning(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

async function readOwner(folder: string): Promise<Record<string, unknown> | undefined> {
  return parseJsonObject(await readFile(join(folder, OWNER_FILE), 'utf8').catch(() => ''));
}

async function segmentsOf(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => SEGMENT.test(name)).toSorted();
}

/** Of a file that's gone, none. */
async function sizeOf(path: string): Promise<number> {
  return await stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

/** @returns false where another process was quicker */
async function moved(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch {
    return false;
  }
}

/** @returns false where the file isn't at its place any more */
async function appended(path: string, text: string): Promise<boolean> {
  const file = await open(path, 'a', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
    const there = await stat(path).catch(() => undefined);
    return there?.ino === (await file.stat()).ino;
  } finally {
    await file.close();
  }
}

async function writeSynced(path: string, bytes: Buffer): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}
