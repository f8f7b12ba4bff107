import { Injectable } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { DataSource } from 'typeorm';
import { LoggableError } from '../../common/errors.js';
import { within } from '../../common/within.js';
import { readPool } from '../../database/pool-state.js';
import { IngestStatus } from '../../ingest/ingest-status.js';
import { readFoldLag, type FoldLag } from '../../rollup/fold-lag.js';
import { ServerMetrics } from './server-metrics.js';

/** A scrape waits no longer for the database: the rest is worth more. */
const LAG_MS = 1_500;
/** Several scrapers, or an eager one, don't ask it more often. */
const LAG_FRESH_MS = 5_000;

type Aggregator = 'sum' | 'max' | 'min';

/** What is read when somebody asks, rather than counted. */
@Injectable()
export class StateGauges {
  private lag: { at: number; answer: Promise<FoldLag> } | undefined;

  constructor(
    private readonly metrics: ServerMetrics,
    private readonly ingest: IngestStatus,
    private readonly dataSource: DataSource,
  ) {
    this.watchIngest();
    this.watchPool();
    this.watchLag();
  }

  private watchIngest(): void {
    const own = () => this.ingest.readOwn();
    this.gauge(
      'queue_events',
      'Events in memory that no transaction has taken yet',
      'sum',
      () => own().queued,
    );
    this.gauge(
      'spool_events',
      'Events that wait on disk for the database',
      'sum',
      () => own().spool?.events,
    );
    this.gauge('spool_bytes', 'What they take there', 'sum', () => own().spool?.bytes);
    this.gauge(
      'spool_takes_events',
      'Whether there is room for more, 0 or 1; of several processes the worst',
      'min',
      () => toNumber(own().spool?.takesEvents),
    );
    this.gauge(
      'database_available',
      'Whether events go to the database rather than to disk, 0 or 1; of several processes the worst',
      'min',
      () => toNumber(!own().isDatabaseAway),
    );
  }

  private watchPool(): void {
    const pool = () => readPool(this.dataSource);
    this.gauge(
      'database_pool_connections',
      'Connections of the pool to the database; query threads and folders have their own',
      'sum',
      () => pool()?.total,
    );
    this.gauge(
      'database_pool_idle_connections',
      'Those that nobody uses',
      'sum',
      () => pool()?.idle,
    );
    this.gauge('database_pool_waiting', 'How many wait for one', 'sum', () => pool()?.waiting);
  }

  private watchLag(): void {
    this.gauge(
      'rollup_waiting_deltas',
      'Deltas that are not yet added to the rollups, of the whole database; 100,000 at most are counted',
      'max',
      async () => (await this.readLag())?.deltas,
    );
    this.gauge(
      'rollup_lag_seconds',
      'Age of the oldest of them; 0 where none waits',
      'max',
      async () => (await this.readLag())?.seconds,
    );
  }

  /** Undefined while the database doesn't answer. */
  private readLag(): Promise<FoldLag | undefined> {
    const now = performance.now();
    if (!this.lag || now - this.lag.at > LAG_FRESH_MS) {
      const late = () => new LoggableError('no answer in time');
      this.lag = { at: now, answer: within(LAG_MS, readFoldLag(this.dataSource), late) };
    }
    return this.lag.answer.catch(() => undefined);
  }

  /** @param read undefined where there's nothing to tell */
  private gauge(
    name: string,
    help: string,
    aggregator: Aggregator,
    read: () => number | undefined | Promise<number | undefined>,
  ): void {
    const gauge = new Gauge({
      name: `user_analytics_${name}`,
      help,
      aggregator,
      registers: [this.metrics.registry],
      async collect() {
        const value = await read();
        if (value === undefined) gauge.remove();
        else gauge.set(value);
      },
    });
  }
}

function toNumber(isTrue: boolean | undefined): number | undefined {
  return isTrue === undefined ? undefined : Number(isTrue);
}
