import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Pool, type PoolClient } from 'pg';
import { isStatementError, noAnswer } from '../../common/database-errors.js';
import { within } from '../../common/within.js';
import { KnownState } from '../engine/known-state.js';
import { inSnapshot, type Snapshot } from '../engine/snapshot.js';
import { answerQuestion } from './answer-question.js';
import type { Question, Reply, Task, ThreadSettings } from './tasks.js';

/** The task's client went away. */
class CancelledError extends Error {
  override name = 'CancelledError';
}

/** How many times as long as a statement may take a question may, which has several. */
const STATEMENTS = 5;

/** Answers questions with connections of its own, and remembers sets of users between them. */
export class QueryEngine {
  private readonly pool: Pool;
  private readonly state: KnownState;

  constructor(private readonly settings: ThreadSettings) {
    const { connection, maxConnections, cacheBytes, limits } = settings;
    this.state = new KnownState(limits, cacheBytes);
    this.pool = new Pool({ ...connection, max: maxConnections });
    this.pool.on('error', () => this.state.forget());
    // The pool hears only those that it holds: unheard, the loss of one in use would end the thread.
    this.pool.on('connect', (client) => client.on('error', () => this.state.forget()));
  }

  /** @throws CancelledError, RefusedQueryError, InvalidQueryError, or the database's error */
  async run<Kind extends Question['kind']>(
    question: Extract<Question, { kind: Kind }>,
    { now, cancel }: Omit<Task, 'question'>,
  ): Promise<Reply<Kind>> {
    const cancellation = new Cancellation(this.settings.connection);
    cancel.on('message', () => cancellation.request());
    const client = await this.pool.connect();
    let broken = false;
    try {
      cancellation.holds(client);
      const work = (snapshot: Snapshot): Promise<Reply<Question['kind']>> => {
        this.state.belongTo(snapshot);
        return answerQuestion(client, snapshot, this.state, question, now);
      };
      const { timeoutMs } = this.settings.limits;
      // A database that hangs doesn't even keep its own time.
      const answer = within(STATEMENTS * timeoutMs, inSnapshot(client, timeoutMs, work), noAnswer);
      return (await answer) as Reply<Kind>;
    } catch (error) {
      if (cancellation.isRequested) throw new CancelledError('given up', { cause: error });
      broken = !isStatementError(error) && isFromConnection(error);
      if (broken) this.state.forget();
      throw error;
    } finally {
      // Else it might meet the next one's statement, or the end of its own transaction.
      await cancellation.settled();
      client.release(broken || cancellation.isRequested);
      cancel.close();
    }
  }
}

/** Anything that isn't this program's own refusal. */
function isFromConnection(error: unknown): boolean {
  return !(error instanceof Error && 'retryable' in error);
}

/** A statement that is begun after one was ended is ended in turn. */
const CANCEL_AGAIN_MS = 50;
const CANCEL_ATTEMPTS = 100;

/** Ends running statements in the database, where nobody waits for their answer any more. */
class Cancellation {
  isRequested = false;
  private pid: number | undefined;
  private sending: Promise<void> | undefined;
  private isOver = false;

  constructor(private readonly connection: Record<string, unknown>) {}

  holds(client: PoolClient): void {
    this.pid = (client as PoolClient & { processID: number }).processID;
    if (this.isRequested) throw new CancelledError('given up');
  }

  request(): void {
    if (this.isRequested || this.isOver) return;
    this.isRequested = true;
    if (this.pid !== undefined) this.sending = this.send(this.pid);
  }

  async settled(): Promise<void> {
    this.isOver = true;
    await this.sending;
  }

  private async send(pid: number): Promise<void> {
    const client = new Client(this.connection);
    client.on('error', () => {});
    try {
      await client.connect();
      for (let attempt = 0; attempt < CANCEL_ATTEMPTS && !this.isOver; attempt += 1) {
        await client.query('SELECT pg_cancel_backend($1)', [pid]);
        await sleep(CANCEL_AGAIN_MS);
      }
    } catch {
      // Its own time limit ends it.
    } finally {
      await client.end().catch(() => {});
    }
  }
}
