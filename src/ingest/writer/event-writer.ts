import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Optional, type BeforeApplicationShutdown } from '@nestjs/common';
import { isContention, isDatabaseAnswer, isUnavailable } from '../../common/database-errors.js';
import { LoggableError, UnavailableError } from '../../common/errors.js';
import { Observer } from '../../common/observer.js';
import { within } from '../../common/within.js';
import type { NormalisedEvent } from '../normalise.js';
import type { Outcome } from '../outcome.js';
import { Spool } from '../spool/spool.js';
import { EventStore } from '../store/event-store.js';
import { Availability } from './availability.js';
import { WriteQueue, type WriteRequest } from './write-queue.js';

/** Batches under way at once. The pool's other connections are for reports. */
const MAX_FLUSHES = 2;
/** Fewer wait for the batch under way: together they cost less, and soon it's their turn. */
const SECOND_FLUSH_EVENTS = 4_000;
/** A batch that takes longer may stand behind a lock: the others go past it, after twice that. */
const OVERTAKE_MS = 50;
/** A lost connection, a failover, a deadlock are tried again for so long. */
const RETRY_MS = 2_000;
const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 400;
/** A database that doesn't even answer is waited for so long. */
const DEADLINE_MS = 5_000;

/** No answer in time. What was sent may still be stored; sent again it changes nothing. */
class DeadlineError extends LoggableError {
  override name = 'DeadlineError';

  constructor() {
    super(`no answer within ${DEADLINE_MS / 1000} s`);
  }
}

/**
 * Group commit. Events wait here; a free connection takes all that wait as one batch, and each
 * request is answered when its batch has committed. What arrives meanwhile is the next batch; where
 * the one under way stands behind a lock, it goes past. While the database is away, batches go to
 * the spool.
 */
@Injectable()
export class EventWriter implements BeforeApplicationShutdown {
  private readonly queue = new WriteQueue();
  private isScheduled = false;
  private readonly flushes = new Set<Promise<void>>();
  /** When the last of them began, in milliseconds of `performance.now()`. */
  private begunAt = 0;
  /** Runs while a batch is under way. Not one for each: to set a timer costs as much as an event. */
  private watching: NodeJS.Timeout | undefined;

  constructor(
    private readonly store: EventStore,
    private readonly availability: Availability,
    @Optional() private readonly spool?: Spool,
    @Optional() private readonly observer?: Observer,
  ) {}

  /** Events that no batch has taken yet. */
  get waitingEvents(): number {
    return this.queue.waitingEvents;
  }

  /**
   * Stores the events and creates the users, names and sources that are new.
   *
   * @returns the outcome of each event, in order: after the commit, or after the spool's fsync
   * @throws OverloadedError when too much waits, UnavailableError or SpoolUnavailableError when the
   *   events can be stored nowhere; a retry of events with the same times and ids changes nothing
   *   that is stored
   */
  write(events: readonly NormalisedEvent[]): Promise<Outcome[]> {
    if (events.length === 0) return Promise.resolve([]);
    const outcomes = this.queue.push(events);
    this.schedule();
    return outcomes;
  }

  /** What still waits is written. */
  async beforeApplicationShutdown(): Promise<void> {
    while (this.flushes.size > 0) await Promise.all(this.flushes);
  }

  private watch(): void {
    this.watching ??= setTimeout(() => {
      this.watching = undefined;
      if (this.flushes.size === 0) return;
      const isLong = performance.now() - this.begunAt >= OVERTAKE_MS;
      const canStart = !this.isScheduled && this.flushes.size < MAX_FLUSHES;
      if (isLong && canStart && !this.queue.isEmpty) this.start();
      this.watch();
    }, OVERTAKE_MS).unref();
  }

  /** On the next turn of the event loop, so that requests which arrived together go together. */
  private schedule(): void {
    if (!this.isScheduled && this.isWorthAFlush()) this.start();
  }

  private start(): void {
    this.isScheduled = true;
    this.begunAt = performance.now();
    this.watch();
    const flush = new Promise<void>((resolve) => {
      setImmediate(resolve);
    }).then(() => {
      this.isScheduled = false;
      return this.flush();
    });
    this.flushes.add(flush);
    void flush.finally(() => {
      this.flushes.delete(flush);
      this.schedule();
    });
  }

  private isWorthAFlush(): boolean {
    if (this.flushes.size === 0) return !this.queue.isEmpty;
    return this.flushes.size < MAX_FLUSHES && this.queue.waitingEvents >= SECOND_FLUSH_EVENTS;
  }

  private async flush(): Promise<void> {
    const group = this.queue.takeGroup();
    if (group.length === 0) return;
    // The other connection takes what didn't fit.
    this.schedule();
    try {
      const all =
        group.length === 1 ? group[0]!.events : group.flatMap((request) => request.events);
      answer(group, await this.writeNow(all));
    } catch (error) {
      for (const request of group) request.reject(error);
    } finally {
      this.queue.release(group);
    }
  }

  private async writeNow(events: readonly NormalisedEvent[]): Promise<Outcome[]> {
    if (this.availability.isAway) return await this.writeToSpool(events, this.availability.reason);
    try {
      return await this.storeInTime(events);
    } catch (error) {
      const isAway = error instanceof DeadlineError || isUnavailable(error);
      if (!isAway && !isDatabaseAnswer(error)) throw error;
      // Without a spool each request tries by itself.
      const isTheirs = isContention(error) || (await this.store.takesOthers(error));
      if (this.spool && !isTheirs) this.availability.lost(error);
      return await this.writeToSpool(events, error);
    }
  }

  /** @throws DeadlineError, or what the last try met */
  private async storeInTime(events: readonly NormalisedEvent[]): Promise<Outcome[]> {
    let isOver = false;
    const storing = this.storeWithRetries(events, () => isOver);
    try {
      return await within(DEADLINE_MS, storing, () => new DeadlineError());
    } finally {
      isOver = true;
    }
  }

  private async storeWithRetries(
    events: readonly NormalisedEvent[],
    isOver: () => boolean,
  ): Promise<Outcome[]> {
    const giveUpAt = performance.now() + RETRY_MS;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        return await this.store.store(events);
      } catch (error) {
        const isLate = performance.now() > giveUpAt || isOver();
        if (isLate || this.availability.isAway || !isUnavailable(error)) throw error;
        await sleep(pause);
      }
    }
  }

  private async writeToSpool(
    events: readonly NormalisedEvent[],
    cause: unknown,
  ): Promise<Outcome[]> {
    if (!this.spool) throw new UnavailableError(cause);
    await this.spool.append(events);
    this.observer?.spooled(events.length);
    return events.map(() => 'accepted');
  }
}

function answer(group: readonly WriteRequest[], outcomes: Outcome[]): void {
  if (group.length === 1) {
    group[0]!.resolve(outcomes);
    return;
  }
  let start = 0;
  for (const { events, resolve } of group) {
    resolve(outcomes.slice(start, start + events.length));
    start += events.length;
  }
}
