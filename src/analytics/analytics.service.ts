import { Injectable } from '@nestjs/common';
import { parseTimestamp } from '../common/timestamp.js';
import { Turns } from '../common/turns.js';
import { BatchService } from '../ingest/batch/batch.service.js';
import type { RefusalCode } from '../ingest/refusal.js';
import { InvalidQueryError } from '../query/language/invalid-query.js';
import type { QueryAnswerDto } from '../query/openapi/answer.dto.js';
import type { QueryDto } from '../query/openapi/query.dto.js';
import type { HourlyReportDto } from '../query/hourly-report.dto.js';
import { QueryService } from '../query/query.service.js';
import { OriginalApiService } from './original-api.service.js';

/** An event, with the fields that `POST /analytics/batch` takes. */
export interface AnalyticsEvent {
  /** The name: 1 to 100 characters, such as `click`. */
  event: string;
  /** The user's id: 1 to 255 characters. */
  user: string | number;
  /** Whether it's an id that a device or a browser made up. */
  anonymous?: boolean;
  /** When it happened: a Date, Unix seconds or milliseconds, or ISO 8601 with an offset; now without it. */
  timestamp?: Date | string | number;
  /** Makes a retry with the same timestamp and user harmless. */
  id?: string;
  /** Where it comes from; `default` without it. */
  source?: string;
  /** A JSON object of at most 32 KB. */
  properties?: Record<string, unknown>;
}

/**
 * What became of an event. `duplicate`: it was stored before, and nothing changed. `accepted`: it lies
 * on disk until the database is back. `rejected`: it can't be stored; the log of rejections has it, too.
 */
export type EventOutcome =
  | { status: 'stored' | 'duplicate' | 'accepted'; id: string }
  | { status: 'rejected'; code: RefusalCode; message: string };

/** A query, in the language of `POST /analytics/query`. */
export type AnalyticsQuery = QueryDto;
/** What it answers. */
export type AnalyticsAnswer = Omit<QueryAnswerDto, 'results' | 'totals'> & {
  results: Record<string, string | number | boolean | null>[];
  totals: Record<string, number | null>;
};
/** Clicks and impressions of an hour, and of how many users. */
export type AnalyticsHour = HourlyReportDto;

/** In one transaction. */
const EVENTS_AT_ONCE = 1_000;
const NEVER = new AbortController().signal;
const ROUTE = 'AnalyticsService';

/** The way in and the way out without HTTP. */
@Injectable()
export class AnalyticsService {
  private readonly turns = new Turns();

  constructor(
    private readonly batches: BatchService,
    private readonly queries: QueryService,
    private readonly original: OriginalApiService,
  ) {}

  /**
   * Stores an event.
   *
   * @returns once it's committed, or lies in the spool on disk while the database is away
   * @throws AnalyticsError that's `retryable` when it isn't known to be stored: with the same timestamp,
   *   user and id it may be given again
   */
  async record(event: AnalyticsEvent): Promise<EventOutcome> {
    const [outcome] = await this.recordMany([event]);
    return outcome!;
  }

  /**
   * Stores any number of events, 1,000 at once.
   *
   * @returns what became of each, in order, once they're committed or in the spool
   * @throws as `record` does; those before may be stored
   */
  async recordMany(events: readonly AnalyticsEvent[]): Promise<EventOutcome[]> {
    const outcomes: EventOutcome[] = [];
    for (let start = 0; start < events.length; start += EVENTS_AT_ONCE) {
      if (start > 0) await this.turns.next();
      const some = events.slice(start, start + EVENTS_AT_ONCE).map(toItem);
      const { receipts } = (await this.batches.store(some, ROUTE, 'all')).toResult();
      for (const { status, id, code, message } of receipts) {
        outcomes.push(
          status === 'rejected'
            ? { status, code: code as RefusalCode, message: message! }
            : { status, id: id! },
        );
      }
    }
    return outcomes;
  }

  /**
   * Answers a query as `POST /analytics/query` does.
   *
   * @param signal gives it up
   * @throws AnalyticsError with the code that the endpoint answers, such as `invalid_query`
   */
  async query(query: AnalyticsQuery, signal: AbortSignal = NEVER): Promise<AnalyticsAnswer> {
    const asked = { value: query, isShorthand: false, format: 'json' as const, signal };
    const { text } = await this.queries.query(asked);
    return JSON.parse(text) as AnalyticsAnswer;
  }

  /**
   * Clicks and impressions of the hour that ends at a moment, both ends in, as `GET /analytics` has them.
   *
   * @param timestamp as that of an event
   * @throws AnalyticsError, `invalid_query` for what is no timestamp
   */
  async hour(
    timestamp: Date | string | number,
    signal: AbortSignal = NEVER,
  ): Promise<AnalyticsHour> {
    const text = textOf(timestamp);
    if (parseTimestamp(text) === undefined) {
      throw new InvalidQueryError(
        'timestamp',
        'must be a Date, Unix seconds or milliseconds, or ISO 8601 with an offset',
      );
    }
    return await this.original.report({ timestamp: text }, signal);
  }
}

function toItem(event: AnalyticsEvent): unknown {
  // Called from JavaScript it may be anything.
  const given: unknown = event;
  if (typeof given !== 'object' || given === null || !('timestamp' in given)) return given;
  return given.timestamp instanceof Date ? { ...given, timestamp: textOf(given.timestamp) } : given;
}

/** A date that is none has no text of ISO 8601; this is refused for what it is. */
function textOf(timestamp: Date | string | number): string {
  if (!(timestamp instanceof Date)) return String(timestamp);
  return Number.isNaN(timestamp.getTime()) ? 'Invalid Date' : timestamp.toISOString();
}
