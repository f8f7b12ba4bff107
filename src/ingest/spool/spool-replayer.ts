import { setTimeout as sleep } from 'node:timers/promises';
import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { DataSource } from 'typeorm';
import { isUnavailable, noAnswer } from '../../common/database-errors.js';
import { describeError } from '../../common/describe-error.js';
import { within } from '../../common/within.js';
import type { NormalisedEvent } from '../normalise.js';
import { Refusal } from '../refusal.js';
import { RejectionLog } from '../rejection-log.js';
import { withClient } from '../store/database-client.js';
import { EventStore } from '../store/event-store.js';
import { Availability } from '../writer/availability.js';
import { decodeEvents } from './command.js';
import { readIfThere } from './read-if-there.js';
import { decodeRecords } from './record.js';
import { Spool } from './spool.js';

/** How often a database that is away is asked. */
const PROBE_INTERVAL_MS = 500;
const PROBE_TIMEOUT_MS = 5_000;
/** A batch that is halved again and again takes a while; a server that has vanished, for ever. */
const BATCH_MS = 120_000;
/** After trouble with files, which the log tells of each time. */
const TROUBLE_INTERVAL_MS = 10_000;
/** How often folders of processes that ended are looked for. */
const CLAIM_INTERVAL_MS = 10_000;
const EVENTS_A_BATCH = 1_000;
/** What the database still doesn't take then, while it takes others, is refused. */
const MAX_TRIES = 20;
/** The shutdown waits no longer for a batch that is under way: it's replayed at the next start. */
const STOP_MS = 5_000;
const ROUTE = 'spool';

/** Looks whether the database is back, and stores what waits in the spool, in its order. */
@Injectable()
export class SpoolReplayer implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Spool');
  private readonly ending = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private wake: () => void = () => {};
  private lastClaim = Number.NEGATIVE_INFINITY;
  /** How often the oldest file's events were tried while the database took others. */
  private tries = 0;

  constructor(
    private readonly spool: Spool,
    private readonly store: EventStore,
    private readonly availability: Availability,
    private readonly rejections: RejectionLog,
    private readonly dataSource: DataSource,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.spool.open();
    this.availability.onLost(() => this.wake());
    this.spool.onFilled(() => this.wake());
    this.running = this.run();
  }

  async onModuleDestroy(): Promise<void> {
    this.ending.abort();
    this.wake();
    const late = () => new Error('a batch of the spool is still under way');
    await within(STOP_MS, this.running, late).catch((error: Error) =>
      this.logger.warn(error.message),
    );
  }

  private async run(): Promise<void> {
    const { signal } = this.ending;
    while (!signal.aborted) {
      try {
        const isDone = await this.step();
        if (isDone) await this.somethingToDo();
      } catch (error) {
        const pause = await this.noteTrouble(error);
        await sleep(pause, undefined, { signal }).catch(() => {});
      }
    }
  }

  /** @returns milliseconds to wait before the next try */
  private async noteTrouble(error: unknown): Promise<number> {
    if (await this.store.takesOthers(error)) {
      this.tries += 1;
      this.availability.back();
      return PROBE_INTERVAL_MS;
    }
    if (isUnavailable(error) && !isFileError(error)) {
      this.availability.lost(error);
      return PROBE_INTERVAL_MS;
    }
    this.logger.error(describeError(error, true));
    return TROUBLE_INTERVAL_MS;
  }

  /** @returns whether nothing is left to do */
  private async step(): Promise<boolean> {
    if (this.availability.isAway) await this.probe();
    if (performance.now() - this.lastClaim > CLAIM_INTERVAL_MS) {
      this.lastClaim = performance.now();
      await this.spool.claimOrphans();
    }
    const segment = await this.spool.oldestSegment();
    if (segment === undefined) {
      this.availability.back();
      return true;
    }
    await this.replay(segment);
    return false;
  }

  private async replay(segment: string): Promise<void> {
    const bytes = await readIfThere(segment);
    // Taken over by another process, which replays it.
    if (!bytes) return await this.spool.remove(segment);
    const { payloads, damaged, torn } = decodeRecords(bytes);
    const commands = payloads.map((payload) => ({ payload, events: decodeEvents(payload) }));
    const events = commands.flatMap((command) => command.events ?? []);
    for (let start = 0; start < events.length; start += EVENTS_A_BATCH) {
      await this.storeBatch(events.slice(start, start + EVENTS_A_BATCH));
      this.availability.back();
    }
    for (const { start, end } of damaged) {
      await this.setAside(segment, start, bytes.subarray(start, end));
    }
    for (const [index, { payload }] of commands.entries()) {
      if (commands[index]!.events) continue;
      await this.setAside(`${segment}-command`, index, Buffer.from(payload));
    }
    if (torn) {
      const { start, end } = torn;
      this.logger.warn(
        `Dropped ${end - start} bytes, the end of a file that was cut off in a write.`,
      );
    }
    await this.spool.remove(segment);
    this.tries = 0;
    if (events.length > 0) this.logger.warn(`Replayed ${events.length} events that had waited.`);
  }

  private async setAside(segment: string, start: number, bytes: Buffer): Promise<void> {
    const file = await this.spool.setAside(segment, start, bytes);
    this.logger.error(`A damaged record of the spool was set aside: ${file}`);
    this.rejections.note(new Refusal('damaged_in_spool'), ROUTE, file);
  }

  private async storeBatch(events: NormalisedEvent[]): Promise<void> {
    const outcomes = await within(
      BATCH_MS,
      this.store.store(events, this.tries >= MAX_TRIES),
      noAnswer,
    );
    const refused = events.flatMap((event, index) => {
      const outcome = outcomes[index];
      if (!(outcome instanceof Refusal)) return [];
      const { code } = outcome;
      return [{ outcome, code, line: JSON.stringify({ code, event }) }];
    });
    for (const { outcome, line } of refused) this.rejections.note(outcome, ROUTE, line);
    // Of who was erased nothing is kept.
    const lines = refused.filter(({ code }) => code !== 'erased').map(({ line }) => line);
    if (lines.length === 0) return;
    const file = await this.spool.addDeadLetters(lines);
    this.logger.error(`The database refuses ${lines.length} events that had waited: see ${file}`);
  }

  private async probe(): Promise<void> {
    await withClient(this.dataSource, (client) => client.query('SELECT 1'), PROBE_TIMEOUT_MS);
  }

  /** Woken when the database is lost or events wait, and now and then for what others leave. */
  private async somethingToDo(): Promise<void> {
    const isEnding = this.ending.signal.aborted;
    if (isEnding || this.availability.isAway || this.spool.waiting.events > 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, CLAIM_INTERVAL_MS);
      timer.unref();
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = () => {};
  }
}

/** Node's error codes of files are those of connections in part. */
function isFileError(error: unknown): boolean {
  return error instanceof Error && 'path' in error;
}
