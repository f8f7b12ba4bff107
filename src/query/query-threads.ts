import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import {
  Injectable,
  Optional,
  type BeforeApplicationShutdown,
  type OnApplicationShutdown,
} from '@nestjs/common';
import pLimit, { type LimitFunction } from 'p-limit';
import { Piscina } from 'piscina';
import { DataSource } from 'typeorm';
import { Clock } from '../common/clock.js';
import { isUnavailable } from '../common/database-errors.js';
import { AnalyticsError, UnavailableError } from '../common/errors.js';
import { Observer } from '../common/observer.js';
import { builtFile } from '../common/built-file.js';
import { connectionSettings } from '../database/connection-settings.js';
import type { QueryLimits } from './engine/refusals.js';
import { FailedQueryError, QueryTimeoutError, TooManyQueriesError } from './query-errors.js';
import { mayScan } from './scans.js';
import type { Failure, Outcome, Question, Reply, Task, ThreadSettings } from './thread/tasks.js';

/** How much queries may take. */
export class QueryOptions implements QueryLimits {
  maxRawRows = 20_000_000;
  maxBuckets = 1_000_000;
  maxResultRows = 100_000;
  timeoutMs = 30_000;
  /** What each thread remembers of users' sets, in bytes. */
  cacheBytes = 64 * 1024 * 1024;
}

/** Questions that a thread has under way at once: it mostly waits for the database. */
const QUESTIONS_A_THREAD = 4;
/** How many threads there are, and how many questions may read raw events by the million at once. */
const MAX_THREADS = Math.max(1, Math.min(4, availableParallelism() - 1));
/** That all threads of a process may take. */
export const QUERY_CONNECTIONS = MAX_THREADS * QUESTIONS_A_THREAD;
const MAX_WAITING = 256;
/** A thread that nobody asks anything for so long ends, and its memory with it. */
const IDLE_MS = 10 * 60_000;
const QUERY_CANCELED = '57014';

/**
 * A pool requires its file before it imports it, and a thread that is ended just while Node requires an
 * ES module takes the process along (IsGraphAsync, in Node 20). Threads without that import it at once.
 */
const IMPORT_ONLY = process.allowedNodeEnvironmentFlags.has('--experimental-require-module')
  ? { execArgv: ['--no-experimental-require-module'] }
  : {};

/** Threads that answer questions, so that no answer holds up the events that come in. */
@Injectable()
export class QueryThreads implements BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly options: QueryOptions;
  private readonly scans = pLimit(MAX_THREADS);
  /** All events of a person are counted, and of some there are a million: half of the room is left. */
  private readonly profiles = pLimit(MAX_THREADS * (QUESTIONS_A_THREAD / 2));
  private threads: Piscina<Task, Outcome<Question['kind']>> | undefined;
  private readonly underWay = new Set<() => void>();
  private isStopping = false;

  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    @Optional() options?: QueryOptions,
    @Optional() private readonly observer?: Observer,
  ) {
    this.options = options ?? new QueryOptions();
  }

  /**
   * @param signal gives the question up, in the database, too
   * @throws QueryTimeoutError, TooManyQueriesError, UnavailableError, and refusals
   */
  async ask<Kind extends Question['kind']>(
    question: Extract<Question, { kind: Kind }>,
    signal?: AbortSignal,
  ): Promise<Reply<Kind>> {
    const startedAt = performance.now();
    let isAnswered = false;
    try {
      const reply = await this.putInTurn(question, signal);
      isAnswered = true;
      return reply;
    } finally {
      this.observer?.answered({ kind: question.kind, isAnswered, startedAt });
    }
  }

  /** Before the server waits for the requests that are under way: nothing is lost with a query. */
  beforeApplicationShutdown(): void {
    this.isStopping = true;
    for (const giveUp of this.underWay) giveUp();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.threads?.destroy();
  }

  private async putInTurn<Kind extends Question['kind']>(
    question: Extract<Question, { kind: Kind }>,
    signal: AbortSignal | undefined,
  ): Promise<Reply<Kind>> {
    const limit = this.limitOf(question);
    if (!limit) return await this.put(question, signal);
    if (limit.pendingCount >= MAX_WAITING) throw new TooManyQueriesError();
    return await limit(() => this.put(question, signal));
  }

  private limitOf(question: Question): LimitFunction | undefined {
    if (question.kind === 'user') return this.profiles;
    return mayScan(question) ? this.scans : undefined;
  }

  private async put<Kind extends Question['kind']>(
    question: Extract<Question, { kind: Kind }>,
    signal: AbortSignal | undefined,
  ): Promise<Reply<Kind>> {
    if (this.isStopping || signal?.aborted) throw new UnavailableError('nobody waits for it');
    this.threads ??= this.start();
    if (this.threads.queueSize >= MAX_WAITING) throw new TooManyQueriesError();
    const { port1: ours, port2: theirs } = new MessageChannel();
    const giveUp = (): void => ours.postMessage('cancel');
    signal?.addEventListener('abort', giveUp, { once: true });
    this.underWay.add(giveUp);
    try {
      const task: Task = { question, now: this.clock.now(), cancel: theirs };
      const outcome = await this.threads.run(task, { transferList: [theirs] });
      if ('failure' in outcome) throw revive(outcome.failure);
      return outcome.reply as Reply<Kind>;
    } finally {
      this.underWay.delete(giveUp);
      signal?.removeEventListener('abort', giveUp);
      ours.close();
    }
  }

  private start(): Piscina<Task, Outcome<Question['kind']>> {
    const { cacheBytes, ...limits } = this.options;
    const settings: ThreadSettings = {
      connection: connectionSettings(this.dataSource),
      maxConnections: QUESTIONS_A_THREAD,
      cacheBytes,
      limits: { ...limits },
    };
    return new Piscina({
      filename: builtFile(join(import.meta.dirname, 'thread'), 'query.thread.js'),
      workerData: settings,
      ...IMPORT_ONLY,
      minThreads: 1,
      maxThreads: MAX_THREADS,
      concurrentTasksPerWorker: QUESTIONS_A_THREAD,
      idleTimeout: IDLE_MS,
      // Else an idle thread sleeps so that its connections can't tell that they were lost.
      atomics: 'disabled',
    });
  }
}

function revive(failure: Failure): Error {
  const { name, message, code, status, details } = failure;
  if (status !== undefined && code !== undefined) {
    return new FailedQueryError(code, message, status, details ?? {});
  }
  const cause: Error = Object.assign(new Error(message), failure);
  if (code === QUERY_CANCELED) return new QueryTimeoutError(cause);
  if (name === 'CancelledError' || isUnavailable(cause)) return new UnavailableError(cause);
  return cause instanceof AnalyticsError ? cause : new Error(message, { cause });
}
