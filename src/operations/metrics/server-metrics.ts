import { Counter, Histogram, Registry } from 'prom-client';
import { RequestDurations } from './request-durations.js';

const EVENTS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];
const COMMIT_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const QUERY_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const FOLD_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** What one process counts, in a registry of its own: a host's isn't touched. */
export class ServerMetrics {
  readonly registry = new Registry();
  readonly requests = new RequestDurations();

  readonly stored = this.counter(
    'events_stored_total',
    'Events that were stored, those that had waited on disk included',
  );
  readonly duplicates = this.counter(
    'events_duplicate_total',
    'Events that were there already, so that nothing changed',
  );
  readonly spooled = this.counter(
    'events_spooled_total',
    'Events that were kept on disk while the database was away; each is stored, a duplicate or rejected later',
  );
  readonly rejected = this.counter(
    'events_rejected_total',
    'What was not stored, by reason, as in the log of rejections: events, or requests that could not be read at all',
    ['reason'],
  );
  readonly commitEvents = this.histogram(
    'commit_events',
    'Events that were stored together, in one transaction',
    EVENTS,
  );
  readonly commitSeconds = this.histogram(
    'commit_duration_seconds',
    'Time that such a transaction took, the wait for a connection included',
    COMMIT_SECONDS,
  );
  readonly querySeconds = this.histogram(
    'query_duration_seconds',
    'Time that a question took, from asking a thread to its answer',
    QUERY_SECONDS,
    ['kind', 'outcome'],
  );
  readonly folded = this.counter(
    'rollup_folded_deltas_total',
    'Deltas that were added to the rollups',
  );
  readonly repaired = this.counter(
    'rollup_repaired_minutes_total',
    'Minutes of the rollups that were counted anew, since their events had changed',
  );
  readonly foldSeconds = this.histogram(
    'rollup_fold_duration_seconds',
    'Time that a pass of the folder took which found something to do',
    FOLD_SECONDS,
  );

  constructor() {
    this.requests.registerIn(this.registry);
  }

  private counter<Label extends string = never>(
    name: string,
    help: string,
    labelNames: Label[] = [],
  ): Counter<Label> {
    const registers = [this.registry];
    return new Counter({ name: `user_analytics_${name}`, help, labelNames, registers });
  }

  private histogram<Label extends string = never>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: Label[] = [],
  ): Histogram<Label> {
    const registers = [this.registry];
    return new Histogram({ name: `user_analytics_${name}`, help, buckets, labelNames, registers });
  }
}
