import {
  Injectable,
  Logger,
  Optional,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { Clock } from '../common/clock.js';
import { isUnavailable } from '../common/database-errors.js';
import { within } from '../common/within.js';
import { compressOldChunks } from '../database/compression.js';
import { connectionSettings } from '../database/connection-settings.js';
import { isRetaining, RetentionOptions } from './retention.options.js';
import { runRetention, TooBusyError, type Removed } from './run-retention.js';

/** Horizons move once a day; sources that are new, and what was left, are seen to sooner. */
const INTERVAL_MS = 3_600_000;
/** After a run that couldn't be done. */
const RETRY_MS = 60_000;
/** A step that takes longer at the end is undone: each is a transaction. */
const STOP_MS = 5_000;

/** Removes what is no longer kept, at the start and every hour, in one of all processes at a time. */
@Injectable()
export class RetentionWorker implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Retention');
  private readonly stopping = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private client: Client | undefined;
  private lastTrouble = '';
  private saidThatItCantCompress = false;

  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    @Optional() private readonly options?: RetentionOptions,
  ) {}

  onApplicationBootstrap(): void {
    if (this.options && isRetaining(this.options)) this.running = this.runAndWait(this.options);
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    clearTimeout(this.timer);
    if (!this.running) return;
    const late = (): Error => new Error('too slow');
    await within(STOP_MS, this.running, late).catch(() => this.client?.end());
  }

  private async runAndWait(options: RetentionOptions): Promise<void> {
    const { intervalMs = INTERVAL_MS } = options;
    const isDone = await this.run(options);
    this.running = undefined;
    if (this.stopping.signal.aborted) return;
    const pause = isDone ? intervalMs : Math.min(intervalMs, RETRY_MS);
    this.timer = setTimeout(() => {
      this.running = this.runAndWait(options);
    }, pause).unref();
  }

  /** @returns false where it should be tried again soon */
  private async run(options: RetentionOptions): Promise<boolean> {
    // Of its own: the pool's are for requests.
    const client = new Client(connectionSettings(this.dataSource));
    client.on('error', () => {});
    this.client = client;
    try {
      await client.connect();
      await client.query('SET statement_timeout = 0');
      await this.compress(client, options);
      const { signal } = this.stopping;
      this.tell(await runRetention(client, options, this.clock.now(), signal));
      this.lastTrouble = '';
      return true;
    } catch (error) {
      if (!this.stopping.signal.aborted) this.complain(error);
      return false;
    } finally {
      this.client = undefined;
      await client.end().catch(() => {});
    }
  }

  /** It saves room and nothing depends on it: where it fails, all else goes on. */
  private async compress(client: Client, { compressAfterDays }: RetentionOptions): Promise<void> {
    if (compressAfterDays === undefined) return;
    try {
      if (await compressOldChunks(client, compressAfterDays)) return;
      if (!this.saidThatItCantCompress) {
        this.logger.log(
          'Old events are not compressed: this needs a hypertable, and a TimescaleDB under its ' +
            "vendor's licence (timescaledb.license = timescale).",
        );
      }
      this.saidThatItCantCompress = true;
    } catch (error) {
      if (isUnavailable(error)) throw error;
      this.logger.warn(`Old events are not compressed: ${(error as Error).message}`);
    }
  }

  private tell(removed: Removed | undefined): void {
    if (removed && describeRemoved(removed) !== '')
      this.logger.log(`Removed ${describeRemoved(removed)}.`);
  }

  /** The same trouble is told once. */
  private complain(error: unknown): void {
    const isExpected = isUnavailable(error) || error instanceof TooBusyError;
    const { message, stack } = error as Error;
    if (message !== this.lastTrouble) {
      if (isExpected) this.logger.warn(`Nothing removed for now: ${message}`);
      else this.logger.error(stack ?? message);
    }
    this.lastTrouble = message;
  }
}

/** Such as `2 chunks and 10 events`; empty for nothing. */
export function describeRemoved({ chunks, events, rollupDays }: Removed): string {
  const parts = [
    [chunks, 'chunk'],
    [events, 'event'],
    [rollupDays, 'day of rollups', 'days of rollups'],
  ] as const;
  return parts
    .filter(([count]) => count > 0)
    .map(([count, one, more = `${one}s`]) => `${count} ${count === 1 ? one : more}`)
    .join(', ');
}
