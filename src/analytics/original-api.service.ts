import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { parseTimestamp } from '../common/timestamp.js';
import { EventWriter } from '../ingest/writer/event-writer.js';
import { EventRules } from '../ingest/event-rules.js';
import { normalise } from '../ingest/normalise.js';
import { Refusal } from '../ingest/refusal.js';
import { OPTED_OUT, RejectionLog, type RejectionLogContents } from '../ingest/rejection-log.js';
import { refusalOf, Senders, type Sender } from '../ingest/senders.js';
import { readRequestFields, type ReceivedBody } from '../ingest/request-fields.js';
import type { HourlyReportDto, HourlyReportQueryDto } from '../query/hourly-report.dto.js';
import { QueryThreads } from '../query/query-threads.js';
import { hourUpTo } from '../query/window.js';

/** The names that the original API takes. */
const ORIGINAL_EVENTS = ['click', 'impression'] as const;

const ROUTE = 'POST /analytics';

/** The original API: one event in, one hour's figures out. */
@Injectable()
export class OriginalApiService {
  constructor(
    private readonly writer: EventWriter,
    private readonly rejections: RejectionLog,
    private readonly rules: EventRules,
    private readonly queries: QueryThreads,
    private readonly senders: Senders,
  ) {}

  /**
   * Stores one event.
   *
   * @param request tells who sends it
   * @param query the query string, still encoded
   * @returns why nothing was stored, or undefined once the event is
   * @throws UnavailableError when the event could be stored nowhere, or nobody can tell whose it is
   */
  async record(
    request: IncomingMessage,
    query: string,
    body: ReceivedBody,
  ): Promise<Refusal | undefined> {
    const sender = await this.senderOf(request);
    if (sender instanceof Refusal) return sender;
    const refusal = await this.tryToStore(sender, query, body);
    if (refusal) {
      const text = sender.rules.hasOptedOut === true ? OPTED_OUT : describe(query, body);
      this.rejections.note(refusal, ROUTE, text);
    }
    return refusal;
  }

  /**
   * What clicks and impressions the hour up to a moment had, both ends in, and of how many users;
   * where raw events are gone, of the whole minutes around it.
   *
   * @param signal gives it up
   */
  async report({ timestamp }: HourlyReportQueryDto, signal: AbortSignal): Promise<HourlyReportDto> {
    const { from, to } = hourUpTo(parseTimestamp(timestamp)!);
    const figures = await this.queries.ask<'hour'>(
      { kind: 'hour', from: from.getTime(), to: to.getTime() },
      signal,
    );
    return {
      window: {
        from: new Date(figures.from).toISOString(),
        to: new Date(figures.to).toISOString(),
      },
      unique_users: figures.users,
      clicks: figures.clicks,
      impressions: figures.impressions,
    };
  }

  /** @param limit how many lines of the log, newest first */
  rejected(limit: number): Promise<RejectionLogContents> {
    return this.rejections.read(limit);
  }

  private async tryToStore(
    sender: Sender,
    query: string,
    body: ReceivedBody,
  ): Promise<Refusal | undefined> {
    const fields = readRequestFields(query, body);
    if (fields instanceof Refusal) return fields;
    const rules = { ...this.rules.current(), names: ORIGINAL_EVENTS, ...sender.rules };
    const event = normalise(fields, rules);
    if (event instanceof Refusal) return event;
    const [outcome] = await this.writer.write([event]);
    if (outcome instanceof Refusal) return outcome;
    if (outcome !== 'duplicate') this.senders.stored(sender);
    return undefined;
  }

  private async senderOf(request: IncomingMessage): Promise<Sender | Refusal> {
    try {
      return await this.senders.of(request, ROUTE);
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal) return refusal;
      throw error;
    }
  }
}

/** What was given, as the log of rejections shows it. */
function describe(query: string, body: ReceivedBody): string {
  const text = body instanceof Refusal ? '' : body.bytes.subarray(0, 2_000).toString();
  return [query && `?${query}`, text].filter((part) => part !== '').join(' ');
}
