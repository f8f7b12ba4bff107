import { trace, type Attributes } from '@opentelemetry/api';
import {
  Observer,
  type AnsweredQuestion,
  type CommittedBatch,
  type FoldedDeltas,
} from '../../common/observer.js';
import type { ServerMetrics } from './server-metrics.js';

/** Reasons are a fixed set; what isn't in it would be a label that somebody else chose. */
const MAX_REASONS = 100;

/**
 * Counts what it hears of, and makes a span of what took time. Spans are made when it's over: without
 * an OpenTelemetry SDK that costs 0.04 µs, and no context has to be carried along. The one of a query
 * has the request as its parent where the SDK follows requests; a commit is of many requests.
 */
export class ServerObserver extends Observer {
  private readonly tracer = trace.getTracer('user-analytics');
  private readonly reasons = new Set<string>();

  constructor(private readonly metrics: ServerMetrics) {
    super();
  }

  committed({ events, stored, duplicates, startedAt }: CommittedBatch): void {
    const { metrics } = this;
    metrics.stored.inc(stored);
    metrics.duplicates.inc(duplicates);
    metrics.commitEvents.observe(events);
    metrics.commitSeconds.observe((performance.now() - startedAt) / 1_000);
    this.span('analytics.commit', startedAt, {
      'analytics.events': events,
      'analytics.stored': stored,
      'analytics.duplicates': duplicates,
    });
  }

  spooled(events: number): void {
    this.metrics.spooled.inc(events);
  }

  rejected(code: string): void {
    if (this.reasons.size < MAX_REASONS) this.reasons.add(code);
    this.metrics.rejected.inc({ reason: this.reasons.has(code) ? code : 'other' });
  }

  answered({ kind, isAnswered, startedAt }: AnsweredQuestion): void {
    const outcome = isAnswered ? 'answered' : 'failed';
    this.metrics.querySeconds.observe({ kind, outcome }, (performance.now() - startedAt) / 1_000);
    this.span('analytics.query', startedAt, {
      'analytics.query.kind': kind,
      'analytics.query.outcome': outcome,
    });
  }

  folded({ deltas, repaired, milliseconds }: FoldedDeltas): void {
    const { metrics } = this;
    metrics.folded.inc(deltas);
    metrics.repaired.inc(repaired);
    metrics.foldSeconds.observe(milliseconds / 1_000);
    this.span('analytics.fold', performance.now() - milliseconds, {
      'analytics.deltas': deltas,
      'analytics.repaired_minutes': repaired,
    });
  }

  /** @param startedAt in milliseconds of `performance.now()`, which OpenTelemetry takes as they are */
  private span(name: string, startTime: number, attributes: Attributes): void {
    this.tracer.startSpan(name, { startTime, attributes }).end(performance.now());
  }
}
