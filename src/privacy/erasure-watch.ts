import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { DataSource } from 'typeorm';
import { isUnavailable } from '../common/database-errors.js';
import { describeError } from '../common/describe-error.js';
import { Seldom } from '../common/seldom.js';
import { SpoolCleaner } from '../ingest/spool/spool-cleaner.js';
import { ErasureService } from './erasure.service.js';
import { finishErasure, releaseErasure, takeOpenErasure } from './finish-erasure.js';
import { RememberedUsers } from './remembered-users.js';

const INTERVAL_MS = 5_000;
const EXPIRY_INTERVAL_MS = 3_600_000;
/** An erasure that can't be finished is told of so often. */
const WARNING_MS = 600_000;

/**
 * Hears of erasures that other processes did, and forgets what this one remembers of users; cleans its
 * files, at its start too; finishes what a process that ended has begun, and removes tombstones whose
 * time is over.
 */
@Injectable()
export class ErasureWatch implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Privacy');
  private readonly ending = new AbortController();
  private readonly warnings = new Seldom(WARNING_MS);
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  /** The number of the last erasure that this process has heard of; before any there is nothing to do. */
  private last = 0;
  private expiredAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly dataSource: DataSource,
    private readonly erasures: ErasureService,
    private readonly remembered: RememberedUsers,
    private readonly cleaner: SpoolCleaner,
  ) {}

  /** Aborted when the application ends: an erasure that takes long is gone on with later. */
  get signal(): AbortSignal {
    return this.ending.signal;
  }

  onApplicationBootstrap(): void {
    this.schedule(0);
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearTimeout(this.timer);
    this.ending.abort();
    await this.running;
  }

  private schedule(pause: number): void {
    this.timer = setTimeout(() => {
      this.running = this.look().finally(() => {
        if (!this.signal.aborted) this.schedule(INTERVAL_MS);
      });
    }, pause).unref();
  }

  private async look(): Promise<void> {
    try {
      await this.hear();
      await this.expire();
    } catch (error) {
      // The next time will do.
      if (this.signal.aborted || isUnavailable(error)) return;
      this.logger.error(error instanceof Error ? error.stack : String(error));
    }
  }

  private async hear(): Promise<void> {
    const [row] = await this.dataSource.query<{ last: number; isOpen: boolean }[]>(
      `SELECT coalesce(max(id), 0) AS last,
         EXISTS (SELECT FROM erasures WHERE finished_at IS NULL) AS "isOpen" FROM erasures`,
    );
    const { last, isOpen } = row!;
    if (last !== this.last && this.cleaner.isReady) {
      this.remembered.forget();
      await this.erasures.cleanFiles(false);
      this.last = last;
    }
    if (isOpen) await this.finish();
  }

  private async finish(): Promise<void> {
    await this.erasures.withSession(this.signal, async (client) => {
      const id = await takeOpenErasure(client);
      if (id === undefined) return;
      try {
        await finishErasure(client, id);
        this.logger.log(`Erasure ${id} is finished, which was broken off before.`);
      } catch (error) {
        if (!this.signal.aborted) this.warn(id, error);
        throw error;
      } finally {
        await releaseErasure(client, id).catch(() => {});
      }
    });
  }

  /** Whoever asked for it was told that it isn't done, and relies on it all the same. */
  private warn(id: number, error: unknown): void {
    this.warnings.do(() => {
      this.logger.warn(
        `Erasure ${id} could not be finished, and is tried again every ${INTERVAL_MS / 1_000} s: ${describeError(error)}`,
      );
    });
  }

  private async expire(): Promise<void> {
    if (performance.now() - this.expiredAt < EXPIRY_INTERVAL_MS) return;
    await this.dataSource.query('DELETE FROM tombstones WHERE expires_at < clock_timestamp()');
    this.expiredAt = performance.now();
  }
}
