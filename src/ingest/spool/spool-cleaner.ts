import { randomBytes } from 'node:crypto';
import { open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable, Optional } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { parseJsonObject } from '../../common/json-object.js';
import type { NormalisedEvent } from '../normalise.js';
import type { Tombstones } from '../store/tombstones.js';
import { Spool } from './spool.js';
import { DAMAGED, DEAD_LETTERS, type SpoolDirectory } from './spool-directory.js';
import { withoutErased } from './without-erased.js';

/** Dead letters that were taken from their place to be cleaned. */
const TAKEN = /^dead-letter-[0-9a-f]+\.ndjson$/;
/** Who takes them is done sooner, or has ended. */
const ABANDONED_MS = 60_000;
const LINES_AT_ONCE = 1_000;

/** Removes what is of users who were erased from all files of the spool. */
@Injectable()
export class SpoolCleaner {
  constructor(
    private readonly clock: Clock,
    @Optional() private readonly spool?: Spool,
  ) {}

  /** False until there are files to look at, where there will be any. */
  get isReady(): boolean {
    return this.spool === undefined || this.spool.folders !== undefined;
  }

  /**
   * @param withOthers whether what waits in the folders of other living processes is looked at, too
   * @returns how many events, dead letters and damaged records were removed
   */
  async clean(tombstones: Tombstones, withOthers: boolean): Promise<number> {
    const folders = this.spool?.folders;
    if (!this.spool || !folders || tombstones.isEmpty) return 0;
    const waiting = await this.spool.rewrite(
      (bytes) => withoutErased(bytes, tombstones),
      withOthers,
    );
    const letters = await this.cleanDeadLetters(folders, tombstones);
    return waiting + letters + (await cleanDamaged(folders, tombstones));
  }

  private async cleanDeadLetters(folders: SpoolDirectory, tombstones: Tombstones): Promise<number> {
    let removed = 0;
    for (const name of await filesIn(folders.root)) {
      const path = join(folders.root, name);
      if (TAKEN.test(name) && (await this.isAbandoned(path))) {
        removed += await putBackLiving(folders, path, tombstones);
      }
      if (name !== DEAD_LETTERS || !(await hasErased(path, tombstones))) continue;
      const taken = join(folders.root, `dead-letter-${randomBytes(4).toString('hex')}.ndjson`);
      if (await isRenamed(path, taken)) removed += await putBackLiving(folders, taken, tombstones);
    }
    return removed;
  }

  private async isAbandoned(path: string): Promise<boolean> {
    const there = await stat(path).catch(() => undefined);
    return there !== undefined && this.clock.now() - there.ctimeMs > ABANDONED_MS;
  }
}

async function cleanDamaged(folders: SpoolDirectory, tombstones: Tombstones): Promise<number> {
  let removed = 0;
  for (const name of await filesIn(join(folders.root, DAMAGED))) {
    const path = join(folders.root, DAMAGED, name);
    const text = await readFile(path, 'utf8').catch(() => '');
    if (!tombstones.holdsIdIn(text)) continue;
    await rm(path, { force: true });
    removed += 1;
  }
  return removed;
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

async function isRenamed(from: string, to: string): Promise<boolean> {
  return await rename(from, to).then(
    () => true,
    () => false,
  );
}

async function hasErased(path: string, tombstones: Tombstones): Promise<boolean> {
  for await (const lines of linesOf(path)) {
    if (lines.some((line) => isErased(line, tombstones))) return true;
  }
  return false;
}

/** The others' go back to their place before the file is removed: twice is better than never. */
async function putBackLiving(
  folders: SpoolDirectory,
  path: string,
  tombstones: Tombstones,
): Promise<number> {
  let removed = 0;
  for await (const lines of linesOf(path)) {
    const living = lines.filter((line) => !isErased(line, tombstones));
    removed += lines.length - living.length;
    if (living.length > 0) await folders.addDeadLetters(living);
  }
  await rm(path, { force: true });
  return removed;
}

/** A line that can't be read is judged by its strings. */
function isErased(line: string, tombstones: Tombstones): boolean {
  const event = parseJsonObject(line)?.['event'] as NormalisedEvent | undefined;
  return typeof event?.time === 'number'
    ? tombstones.living(event) !== event
    : tombstones.holdsIdIn(line);
}

async function* linesOf(path: string): AsyncGenerator<string[]> {
  const file = await open(path).catch(() => undefined);
  if (!file) return;
  let lines: string[] = [];
  for await (const line of file.readLines()) {
    lines.push(line);
    if (lines.length < LINES_AT_ONCE) continue;
    yield lines;
    lines = [];
  }
  if (lines.length > 0) yield lines;
}
