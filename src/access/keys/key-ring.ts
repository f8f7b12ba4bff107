import { timingSafeEqual } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type BeforeApplicationShutdown,
} from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { UnavailableError } from '../../common/errors.js';
import { Seldom } from '../../common/seldom.js';
import { askBy, type Ask } from '../../database/ask.js';
import { within } from '../../common/within.js';
import { digestOf, type AccessKey } from './access-key.js';
import { noteUses, readKeys } from './key-store.js';

/** They are read so often, beside the requests; */
const FRESH_MS = 1_000;
/** and where that was too long ago before one is answered: within it a revocation counts everywhere. */
const STALE_MS = 3_000;
/** A key that isn't known may have been made a moment ago, and whoever tries any doesn't ask more often. */
const RETRY_MS = 100;
const READ_MS = 1_000;
/** When a key was used last is written so often. */
const USES_MS = 60_000;
/** While the database is away, every request would say the same. */
const WARNING_MS = 10_000;

/** The keys as the database has them, a few seconds old at most while it answers. */
@Injectable()
export class KeyRing implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Access');
  private readonly ask: Ask;
  private byDigest = new Map<string, AccessKey>();
  private readAt = Number.NEGATIVE_INFINITY;
  private triedAt = Number.NEGATIVE_INFINITY;
  private readonly warnings = new Seldom(WARNING_MS);
  private reading: Promise<boolean> | undefined;
  private timer: NodeJS.Timeout | undefined;
  /** While the database doesn't answer, requests don't wait for it each anew. */
  private hasFailed = false;
  private uses = new Map<number, number>();
  private usesWrittenAt = performance.now();

  constructor(
    dataSource: DataSource,
    private readonly clock: Clock,
  ) {
    this.ask = askBy(dataSource);
  }

  /** Whether any was ever made; those that are revoked count. */
  get isUsed(): boolean {
    return this.byDigest.size > 0;
  }

  /** Read before the first request, and then beside all: hardly any ever waits for it. */
  async onApplicationBootstrap(): Promise<void> {
    await this.read();
    this.timer = setInterval(() => void this.read(), FRESH_MS).unref();
  }

  /**
   * Makes sure that what is known is a few seconds old at most; while the database doesn't answer, what
   * was known before counts.
   *
   * @throws UnavailableError where nothing was ever known
   */
  async refresh(): Promise<void> {
    if (performance.now() - this.readAt < STALE_MS) return;
    const isKnown = Number.isFinite(this.readAt);
    if ((isKnown && this.hasFailed) || (await this.read()) || isKnown) return;
    throw new UnavailableError(new Error('the keys could not be read'));
  }

  /**
   * @returns undefined for what is no key, or none any more
   * @throws UnavailableError where that can't be told now
   */
  async find(secret: string): Promise<AccessKey | undefined> {
    const known = this.findKnown(secret);
    if (known) return known;
    const asked = performance.now();
    // What was read a moment ago doesn't tell of a key that was made since.
    await sleep(Math.max(0, this.triedAt + RETRY_MS - asked));
    // A reading that had begun before doesn't, either: the next one does.
    const isRead = (await this.read()) && (this.readAt >= asked || (await this.read()));
    if (isRead) return this.findKnown(secret);
    throw new UnavailableError(new Error('the key could not be looked up'));
  }

  /** The same by what is known, without asking. */
  findKnown(secret: string): AccessKey | undefined {
    const digest = digestOf(secret);
    const key = this.byDigest.get(digest.toString('hex'));
    if (!key || !timingSafeEqual(key.digest, digest)) return undefined;
    return key.isEnded ? undefined : key;
  }

  /** Those that are taken now. */
  active(): AccessKey[] {
    return [...this.byDigest.values()].filter(({ isEnded }) => !isEnded);
  }

  /** Notes that a key was used; written about once a minute. */
  noteUse(id: number): void {
    this.uses.set(id, this.clock.now());
    if (performance.now() - this.usesWrittenAt > USES_MS) void this.writeUses();
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.writeUses();
  }

  /** Whether a key that was found is one still. */
  has({ digest }: AccessKey): boolean {
    return this.byDigest.get(digest.toString('hex'))?.isEnded === false;
  }

  private read(): Promise<boolean> {
    if (!this.reading) this.triedAt = performance.now();
    this.reading ??= this.readNow().finally(() => {
      this.reading = undefined;
    });
    return this.reading;
  }

  private async readNow(): Promise<boolean> {
    const begun = performance.now();
    try {
      const late = () => new Error('no answer in time');
      const keys = await within(READ_MS, readKeys(this.ask), late);
      this.byDigest = new Map(keys.map((key) => [key.digest.toString('hex'), key]));
      this.readAt = begun;
      this.hasFailed = false;
      return true;
    } catch (error) {
      this.hasFailed = true;
      this.warn(`Keys are not read anew: ${String(error)}`);
      return false;
    }
  }

  private async writeUses(): Promise<void> {
    if (this.uses.size === 0) return;
    const { uses } = this;
    this.uses = new Map();
    this.usesWrittenAt = performance.now();
    try {
      await within(READ_MS, noteUses(this.ask, uses), () => new Error('no answer in time'));
    } catch (error) {
      // When a key was used last is nothing that a request, or the end, should wait for.
      this.warn(`When keys were used is not written: ${String(error)}`);
    }
  }

  private warn(line: string): void {
    this.warnings.do(() => this.logger.warn(line));
  }
}
