import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { LoggableError, SpoolUnavailableError } from '../../common/errors.js';
import type { NormalisedEvent } from '../normalise.js';
import { decodeEvents, encodeEvents } from './command.js';
import { readIfThere } from './read-if-there.js';
import { decodeRecords } from './record.js';
import { Segment, SegmentTakenError } from './segment.js';
import { SpoolDirectory, type Waiting } from './spool-directory.js';
import type { Rest } from './without-erased.js';

/** Where a spool lies, and how large it may grow. */
export abstract class SpoolOptions {
  /** Made where it's missing. */
  abstract readonly directory: string;
  /** Of this process. */
  abstract readonly maxBytes: number;
}

/** The spool has no place; the message is for the person who starts the server. */
export class SpoolFolderError extends Error {
  override name = 'SpoolFolderError';

  constructor(directory: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`DATA_DIR must be a folder that this account can write to; ${directory}: ${reason}`);
  }
}

/** A file that has reached this is closed: it's what a replay reads at once, and may repeat. */
const SEGMENT_BYTES = 8 * 1024 * 1024;
/** What one fsync covers. */
const WRITE_BYTES = 4 * 1024 * 1024;
const TELL_INTERVAL_MS = 2_000;
/** One event may need nearly as much. */
const ROOM_BYTES = 64 * 1024;
/** A disk that took nothing isn't counted on for so long, unless it takes something. */
const FAILURE_MS = 10_000;

interface Append {
  bytes: Buffer;
  events: number;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** A file that is complete, and what is in it. */
interface ClosedSegment extends Waiting {
  path: string;
}

/**
 * Keeps events on disk while the database is away: append-only files, checksummed, synced before it
 * answers. Many appends share one fsync.
 */
@Injectable()
export class Spool implements OnApplicationShutdown {
  private readonly logger = new Logger(Spool.name);
  private directory: SpoolDirectory | undefined;
  private active: (ClosedSegment & { segment: Segment }) | undefined;
  /** The oldest first. */
  private closed: ClosedSegment[] = [];
  private appends: Append[] = [];
  private pendingBytes = 0;
  /** When the disk took nothing, in milliseconds of `performance.now()`. */
  private failedAt = Number.NEGATIVE_INFINITY;
  /** Whatever changes the files waits for what changed them before. */
  private last: Promise<unknown> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private readonly listeners: (() => void)[] = [];

  constructor(
    private readonly options: SpoolOptions,
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {}

  /** Events and bytes of this process that wait. */
  get waiting(): Waiting {
    const all = this.active ? [...this.closed, this.active] : this.closed;
    return {
      events: all.reduce((sum, { events }) => sum + events, 0),
      bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }

  /** Whether it takes more, as far as its limit and the last that was written tell. */
  get takesEvents(): boolean {
    const hasFailed = performance.now() - this.failedAt < FAILURE_MS;
    return !hasFailed && this.waiting.bytes + ROOM_BYTES <= this.options.maxBytes;
  }

  /** @param listener is called when events begin to wait */
  onFilled(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Makes the folder. The database must answer: its number names it. */
  async open(): Promise<void> {
    const [row] = await this.dataSource.query<{ id: string }[]>('SELECT id FROM installation');
    const { directory } = this.options;
    this.directory = await SpoolDirectory.open(directory, row!.id, this.clock).catch(
      (error: unknown) => {
        throw new SpoolFolderError(directory, error);
      },
    );
    this.timer = setInterval(() => void this.tell(), TELL_INTERVAL_MS).unref();
  }

  /**
   * Answers when the events are on the disk.
   *
   * @throws SpoolUnavailableError when it's full, or the disk is
   */
  async append(events: readonly NormalisedEvent[]): Promise<void> {
    const bytes = Buffer.concat(encodeEvents(events));
    if (this.waiting.bytes + this.pendingBytes + bytes.length > this.options.maxBytes) {
      throw new SpoolUnavailableError(
        new LoggableError(`the spool holds ${this.options.maxBytes} bytes, its limit`),
      );
    }
    this.pendingBytes += bytes.length;
    const done = new Promise<void>((resolve, reject) => {
      this.appends.push({ bytes, events: events.length, resolve, reject });
    });
    void this.exclusively(() => this.writeWaiting());
    try {
      await done;
    } finally {
      this.pendingBytes -= bytes.length;
    }
  }

  /** How much waits here and in the folders of other processes. */
  async allWaiting(): Promise<Waiting> {
    const { events, bytes } = this.waiting;
    return (await this.directory?.waiting(events)) ?? { events, bytes };
  }

  /** Takes over what processes that ended have left. */
  async claimOrphans(): Promise<void> {
    for (const file of (await this.directory?.claimOrphans()) ?? []) {
      this.closed.push({ ...file, events: 0 });
    }
    for (const segment of this.closed.filter(({ events }) => events === 0)) {
      const bytes = await readFile(segment.path);
      segment.events = decodeRecords(bytes)
        .payloads.map((payload) => decodeEvents(payload)?.length ?? 0)
        .reduce((sum, count) => sum + count, 0);
    }
    this.closed.sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** @returns the oldest file, complete; undefined when nothing waits */
  async oldestSegment(): Promise<string | undefined> {
    if (this.closed.length === 0) await this.exclusively(() => this.closeActive());
    return this.closed[0]?.path;
  }

  /** After all of it has been stored. */
  async remove(path: string): Promise<void> {
    await rm(path, { force: true });
    this.closed = this.closed.filter((segment) => segment.path !== path);
    if (this.waiting.events === 0) await this.tell();
  }

  /**
   * Changes what waits: files of this process, and those of others, too, which are taken over for it.
   *
   * @returns how many events, and stretches that can't be read, were left out
   */
  async rewrite(change: (bytes: Buffer) => Rest, withOthers: boolean): Promise<number> {
    for (const file of withOthers ? ((await this.directory?.othersFiles()) ?? []) : []) {
      const bytes = await readIfThere(file.path);
      const taken = bytes && change(bytes).isChanged && (await this.directory!.takeOver(file));
      if (taken) this.closed.push({ ...taken, events: 0 });
    }
    await this.exclusively(() => this.closeActive());
    let removed = 0;
    for (const segment of this.closed) {
      removed += await this.exclusively(() => this.rewriteOne(segment, change));
    }
    return removed;
  }

  /** Where its files lie; undefined before it's open. */
  get folders(): SpoolDirectory | undefined {
    return this.directory;
  }

  /** @see SpoolDirectory.setAside */
  setAside(segment: string, start: number, bytes: Buffer): Promise<string> {
    return this.directory!.setAside(segment, start, bytes);
  }

  /** @see SpoolDirectory.addDeadLetters */
  addDeadLetters(lines: readonly string[]): Promise<string> {
    return this.directory!.addDeadLetters(lines);
  }

  /** What waits stays for the next start. */
  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.exclusively(() => this.closeActive());
    await this.directory?.close();
  }

  private async tell(): Promise<void> {
    await this.directory?.tell(this.waiting);
  }

  private exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.last.then(work);
    this.last = result.catch(() => {});
    return result;
  }

  private async writeWaiting(): Promise<void> {
    while (this.appends.length > 0) {
      const group = this.takeAppends();
      try {
        await this.writeGroup(group);
        this.failedAt = Number.NEGATIVE_INFINITY;
        for (const { resolve } of group) resolve();
      } catch (error) {
        this.failedAt = performance.now();
        // What the file now holds isn't known for sure: the next append begins another.
        await this.closeActive().catch(() => {});
        for (const { reject } of group) reject(new SpoolUnavailableError(error));
      }
    }
  }

  private takeAppends(): Append[] {
    const [first, ...rest] = this.appends;
    const group = [first!];
    let bytes = first!.bytes.length;
    for (const append of rest) {
      bytes += append.bytes.length;
      if (bytes > WRITE_BYTES) break;
      group.push(append);
    }
    this.appends = this.appends.slice(group.length);
    return group;
  }

  private async writeGroup(group: Append[]): Promise<void> {
    const bytes = Buffer.concat(group.map((append) => append.bytes));
    const active = this.active ?? (await this.startSegment());
    try {
      await active.segment.append(bytes);
    } catch (error) {
      if (!(error instanceof SegmentTakenError)) throw error;
      this.logger.warn(
        'Another process has taken over a file of this spool: it was silent for long, or somebody was erased.',
      );
      this.forgetTaken();
      await this.directory!.make();
      return await this.writeGroup(group);
    }
    const wasEmpty = this.waiting.events === 0;
    active.bytes += bytes.length;
    for (const { events } of group) active.events += events;
    if (active.bytes >= SEGMENT_BYTES) await this.closeActive();
    if (wasEmpty) for (const listener of this.listeners) listener();
  }

  /** The one that is there stays until the other is on the disk. */
  private async rewriteOne(
    { path }: ClosedSegment,
    change: (bytes: Buffer) => Rest,
  ): Promise<number> {
    const bytes = await readIfThere(path);
    const rest = bytes && change(bytes);
    if (!rest?.isChanged) return 0;
    if (rest.bytes.length > 0) {
      const segment = await this.createSegment();
      await segment.append(rest.bytes).finally(() => segment.close());
      this.closed.push({ path: segment.path, events: rest.events, bytes: rest.bytes.length });
    }
    await this.remove(path);
    return rest.removed;
  }

  private async startSegment(): Promise<NonNullable<Spool['active']>> {
    const segment = await this.createSegment();
    this.active = { path: segment.path, segment, events: 0, bytes: 0 };
    return this.active;
  }

  private async createSegment(): Promise<Segment> {
    const path = this.directory!.newSegmentPath();
    return await Segment.create(path).catch(async (error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
      await this.directory!.make();
      return await Segment.create(path);
    });
  }

  private async closeActive(): Promise<void> {
    const { active } = this;
    if (!active) return;
    this.active = undefined;
    await active.segment.close();
    if (active.bytes === 0) await rm(active.path, { force: true });
    else this.closed.push({ path: active.path, events: active.events, bytes: active.bytes });
  }

  /** Whoever took the active file replays it; others are ours for as long as they are there. */
  private forgetTaken(): void {
    void this.active?.segment.close();
    this.active = undefined;
    this.closed = this.closed.filter(({ path }) => existsSync(path));
  }
}
