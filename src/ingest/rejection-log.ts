import { Injectable, Logger, Optional, type BeforeApplicationShutdown } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { withoutKeys } from '../access/credentials.js';
import { Clock } from '../common/clock.js';
import { describeError } from '../common/describe-error.js';
import { Observer } from '../common/observer.js';
import type { Reason } from './refusal.js';

/** One line of the log, newest first. */
export interface LoggedRejection {
  time: Date;
  code: string;
  message: string;
  route: string;
  input: string;
}

/** One that isn't written yet. */
interface NotedRejection extends LoggedRejection {
  /** In milliseconds of `performance.now()`. */
  notedAt: number;
}

/** The log as it is read. */
export interface RejectionLogContents {
  rejections: LoggedRejection[];
  /** How many of each code in the days that are kept. */
  counts: Record<string, number>;
}

/** In place of an input whose sender has asked not to be followed. */
export const OPTED_OUT = '(not kept: the sender has opted out)';

/** In place of an input that may name somebody who was erased. */
const ERASED_INPUT = '(not kept: a user was erased)';
/** Noted so much before an erasure, by another clock, a line may still be older than it. */
const CLOCK_MARGIN_MS = 1_000;

const FLUSH_INTERVAL_MS = 250;
const RETRY_INTERVAL_MS = 5_000;
/** Lines kept a minute for one reason; beyond it only the count grows. */
const SAMPLES_PER_MINUTE = 100;
/** Lines kept in memory while the database is away. */
const MAX_BUFFERED = 2_000;
const MAX_ROWS = 10_000;
const KEPT_DAYS = 7;
/** Characters of what was given that a line shows. */
const MAX_INPUT_LENGTH = 500;
/** So many UTF-16 units hold them, and tell whether there are more. */
const MAX_KEPT_LENGTH = 2 * MAX_INPUT_LENGTH + 1;
const MINUTE_MS = 60_000;

/**
 * Keeps what was refused, and why. Rejections wait in memory and are written in bulk, so that a
 * flood of bad requests doesn't become a flood of writes; what is waiting is lost with the process
 * when that is killed, and bounded when the database is away.
 */
@Injectable()
export class RejectionLog implements BeforeApplicationShutdown {
  private readonly logger = new Logger(RejectionLog.name);
  private lines: NotedRejection[] = [];
  /** Refusals that aren't written yet, by minute and code. */
  private counts = new Map<string, number>();
  private sampled = { minute: 0, byCode: new Map<string, number>() };
  private timer: NodeJS.Timeout | undefined;
  private flushing: Promise<void> = Promise.resolve();

  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    @Optional() private readonly observer?: Observer,
  ) {}

  /**
   * Notes a refusal. Never throws, never waits.
   *
   * @param route which way in, such as `POST /analytics`
   * @param input what was given; only its beginning is kept
   */
  note({ code, message }: Reason, route: string, input: string): void {
    this.observer?.rejected(code);
    const now = this.clock.now();
    const minute = now - (now % MINUTE_MS);
    const key = `${minute} ${code}`;
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
    if (this.isSampled(minute, code)) {
      const shown = code === 'erased' ? ERASED_INPUT : show(withoutKeys(input));
      const line = { time: new Date(now), code, message, route, input: shown };
      this.lines.push({ ...line, notedAt: performance.now() });
    }
    this.schedule(FLUSH_INTERVAL_MS);
  }

  /** Writes what is waiting. A failure is logged, and what was waiting waits on. */
  flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.flushing = this.flushing.then(() => this.write());
    return this.flushing;
  }

  /** @param limit how many lines, newest first */
  async read(limit: number): Promise<RejectionLogContents> {
    await this.flush();
    const rejections = await this.dataSource.query<LoggedRejection[]>(
      `SELECT time, code, message, route, input FROM rejections
       WHERE time > now() - make_interval(days => $2) ORDER BY id DESC LIMIT $1`,
      [limit, KEPT_DAYS],
    );
    const counts = await this.dataSource.query<{ code: string; count: string }[]>(
      `SELECT code, sum(count) AS count FROM rejection_counts
       WHERE minute > now() - make_interval(days => $1) GROUP BY code ORDER BY code`,
      [KEPT_DAYS],
    );
    return {
      rejections,
      counts: Object.fromEntries(counts.map(({ code, count }) => [code, Number(count)])),
    };
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.flush();
  }

  private schedule(delay: number): void {
    this.timer ??= setTimeout(() => void this.flush(), delay).unref();
  }

  private isSampled(minute: number, code: string): boolean {
    if (this.sampled.minute !== minute) this.sampled = { minute, byCode: new Map() };
    const before = this.sampled.byCode.get(code) ?? 0;
    this.sampled.byCode.set(code, before + 1);
    return before < SAMPLES_PER_MINUTE && this.lines.length < MAX_BUFFERED;
  }

  private async write(): Promise<void> {
    if (this.counts.size === 0) return;
    const { lines, counts } = this;
    this.lines = [];
    this.counts = new Map();
    try {
      await this.store(lines, counts);
    } catch (error) {
      this.logger.warn(`Rejections wait for the database: ${describeError(error)}`);
      this.lines = [...lines, ...this.lines].slice(0, MAX_BUFFERED);
      for (const [key, count] of counts) {
        this.counts.set(key, (this.counts.get(key) ?? 0) + count);
      }
      this.schedule(RETRY_INTERVAL_MS);
    }
  }

  private async store(lines: NotedRejection[], counts: Map<string, number>): Promise<void> {
    const keys = [...counts.keys()].map((key) => key.split(' '));
    await this.dataSource.transaction(async (manager) => {
      const hidesInput = await olderThanErasure(manager, this.clock.now());
      await manager.query(
        `INSERT INTO rejections (time, code, message, route, input)
         SELECT * FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::text[])`,
        [
          lines.map((line) => line.time.toISOString()),
          lines.map((line) => line.code),
          lines.map((line) => line.message),
          lines.map((line) => line.route),
          lines.map((line) => (hidesInput(line) ? ERASED_INPUT : line.input)),
        ],
      );
      // Sorted, so that two servers never wait for each other in a circle.
      await manager.query(
        `INSERT INTO rejection_counts AS kept (minute, code, count)
         SELECT minute, code, count FROM unnest($1::timestamptz[], $2::text[], $3::bigint[])
           AS given (minute, code, count) ORDER BY minute, code
         ON CONFLICT (minute, code) DO UPDATE SET count = kept.count + excluded.count`,
        [
          keys.map(([minute]) => new Date(Number(minute)).toISOString()),
          keys.map(([, code]) => code),
          [...counts.values()],
        ],
      );
      await manager.query(
        `DELETE FROM rejections WHERE time < now() - make_interval(days => $1)
         OR id <= (SELECT id FROM rejections ORDER BY id DESC OFFSET $2 LIMIT 1)`,
        [KEPT_DAYS, MAX_ROWS],
      );
      await manager.query(
        'DELETE FROM rejection_counts WHERE minute < now() - make_interval(days => $1)',
        [KEPT_DAYS],
      );
    });
  }
}

/**
 * What was noted before somebody was erased, and is written after it, may name them: whom, nobody knows
 * any more. The lock keeps erasures out until the end of the transaction. Ages are compared, since
 * the database's clock is another.
 */
async function olderThanErasure(
  manager: EntityManager,
  now: number,
): Promise<(line: NotedRejection) => boolean> {
  await manager.query('LOCK TABLE tombstones IN ROW SHARE MODE');
  const [row] = await manager.query<{ age: number | null }[]>(
    `SELECT extract(epoch FROM clock_timestamp() - max(erased_at))::float8 * 1000 AS age
     FROM tombstones`,
  );
  const erasureAge = row!.age ?? Number.POSITIVE_INFINITY;
  const asked = performance.now();
  return ({ notedAt, time }) => {
    // One of these clocks stands still while the machine sleeps, the other may be set.
    const age = Math.max(asked - notedAt, now - time.getTime());
    return age + CLOCK_MARGIN_MS >= erasureAge;
  };
}

/** As much of an input as the log needs, for who keeps it until it's noted. */
export function beginningOf(input: string): string {
  if (input.length <= MAX_KEPT_LENGTH) return input;
  // A copy: a slice would keep the whole text.
  return Buffer.from(input.slice(0, MAX_KEPT_LENGTH)).toString();
}

/** The beginning of the input, on one line, with what a terminal or a database can't take escaped. */
function show(input: string): string {
  const start = Array.from(input.slice(0, MAX_KEPT_LENGTH)).slice(0, MAX_INPUT_LENGTH).join('');
  const visible = start.replaceAll(
    /[\p{Cc}\p{Cs}]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return start.length < input.length ? `${visible}…` : visible;
}
