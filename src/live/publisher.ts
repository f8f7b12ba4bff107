import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { describeError } from '../common/describe-error.js';
import { isUnavailable, noAnswer } from '../common/database-errors.js';
import { within } from '../common/within.js';
import type { NormalisedEvent } from '../ingest/normalise.js';
import { withClient } from '../ingest/store/database-client.js';
import { toLiveLine } from './live-event.js';
import { CHANNEL, writeEvents } from './notices.js';
import type { Origin } from './origin.js';
import { Sample } from './sample.js';

const INTERVAL_MS = 100;
/** After a failure. */
const PAUSE_MS = 1_000;
const ANSWER_MS = 5_000;
/** The end waits no longer for the last events. */
const LAST_MS = 1_000;

/** In a statement of its own: who notifies waits, at the commit, for all others who do. */
const NOTIFY = `SELECT pg_notify(${CHANNEL}, payload) FROM unnest($1::text[]) AS payload`;

/** Tells all processes what this one has stored, now and then and not everything: a view, no store. */
export class LivePublisher {
  private readonly logger = new Logger('Live');
  private readonly sample = new Sample<NormalisedEvent>(INTERVAL_MS);
  private timer: NodeJS.Timeout | undefined;
  private sending: Promise<void> | undefined;
  private nextAt = Number.NEGATIVE_INFINITY;
  private isHeld = true;
  private isFailing = false;

  constructor(
    private readonly dataSource: DataSource,
    private readonly origin: Origin,
  ) {}

  take(events: readonly NormalisedEvent[]): void {
    this.sample.offer(events, performance.now());
    this.schedule();
  }

  /** What is taken waits, and of too much a part: others may not hear it either. */
  hold(): void {
    this.isHeld = true;
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  release(): void {
    this.isHeld = false;
    this.schedule();
  }

  /** Drops what waits. */
  clear(): void {
    this.sample.clear();
  }

  /** Publishes what waits, within a second, and no more after it. */
  async close(): Promise<void> {
    const isHeld = this.isHeld;
    this.hold();
    const last = async (): Promise<void> => {
      await this.sending;
      if (!isHeld) await this.send();
    };
    await within(LAST_MS, last(), noAnswer).catch(() => {});
  }

  private schedule(): void {
    if (this.timer || this.sending || this.isHeld || this.sample.isEmpty) return;
    const pause = Math.max(0, this.nextAt - performance.now());
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.sending = this.send().finally(() => {
        this.sending = undefined;
        this.schedule();
      });
    }, pause).unref();
  }

  private async send(): Promise<void> {
    if (this.sample.isEmpty) return;
    const now = performance.now();
    this.nextAt = now + INTERVAL_MS;
    const { items, omitted } = this.sample.take(now);
    const first = this.origin.numbers(items.length + 1);
    const payloads = writeEvents(this.origin.name, first, omitted, items.map(toLiveLine));
    try {
      await withClient(this.dataSource, (client) => client.query(NOTIFY, [payloads]), ANSWER_MS);
      this.isFailing = false;
    } catch (error) {
      this.sample.miss(items.length + omitted);
      this.nextAt = now + PAUSE_MS;
      this.warn(error);
    }
  }

  /** Of a database that is away others tell; any other trouble is told once. */
  private warn(error: unknown): void {
    if (this.isFailing || isUnavailable(error)) return;
    this.isFailing = true;
    this.logger.warn(`Not published for now: ${describeError(error)}`);
  }
}
