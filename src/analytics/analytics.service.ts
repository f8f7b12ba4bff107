import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { Clock } from '../common/clock.js';
import { parseTimestamp } from '../common/timestamp.js';
import { EventWriter } from '../ingest/writer/event-writer.js';
import { normalise } from '../ingest/normalise.js';
import { Refusal } from '../ingest/refusal.js';
import { RejectionLog, type RejectionLogContents } from '../ingest/rejection-log.js';
import { readRequestFields, type ReceivedBody } from '../ingest/request-fields.js';
import type { HourlyReportDto, HourlyReportQueryDto } from '../query/hourly-report.dto.js';
import { hourUpTo } from '../query/window.js';
import { EventName, type EventKind } from './event-name.entity.js';
import { Event } from './event.entity.js';

/** The names that the original API takes. */
const ORIGINAL_EVENTS = ['click', 'impression'] as const;
const REPORTED_KINDS: EventKind[] = ['click', 'impression'];
/** The earliest moment that an event can have, in a form that PostgreSQL reads. */
const EARLIEST = new Date('0001-01-01T00:00:00.000Z');

/** The original API: one event in, one hour's figures out. */
@Injectable()
export class AnalyticsService {
  constructor(
    @InjectRepository(Event) private readonly events: Repository<Event>,
    private readonly writer: EventWriter,
    private readonly rejections: RejectionLog,
    private readonly clock: Clock,
  ) {}

  /**
   * Stores one event.
   *
   * @param query the query string, still encoded
   * @returns why nothing was stored, or undefined once the event is
   * @throws UnavailableError when the event could be stored nowhere
   */
  async record(query: string, body: ReceivedBody): Promise<Refusal | undefined> {
    const refusal = await this.tryToStore(query, body);
    if (refusal) this.rejections.note(refusal, 'POST /analytics', describe(query, body));
    return refusal;
  }

  /** What clicks and impressions the hour up to a moment had, both ends in, and of how many users. */
  async report({ timestamp }: HourlyReportQueryDto): Promise<HourlyReportDto> {
    const window = hourUpTo(parseTimestamp(timestamp)!);
    const from = window.from < EARLIEST ? EARLIEST : window.from;
    const figures = await this.events
      .createQueryBuilder('event')
      .innerJoin(EventName, 'name', 'name.id = event.nameId')
      .select('count(DISTINCT nullif(event.userSeq, 0))', 'users')
      .addSelect(`count(*) FILTER (WHERE name.kind = 'click')`, 'clicks')
      .addSelect(`count(*) FILTER (WHERE name.kind = 'impression')`, 'impressions')
      .where('event.time BETWEEN :from AND :to', {
        from: from.toISOString(),
        to: window.to.toISOString(),
      })
      .andWhere('name.kind IN (:...kinds)', { kinds: REPORTED_KINDS })
      .getRawOne<{ users: string; clicks: string; impressions: string }>();
    return {
      window: { from: window.from.toISOString(), to: window.to.toISOString() },
      unique_users: Number(figures!.users),
      clicks: Number(figures!.clicks),
      impressions: Number(figures!.impressions),
    };
  }

  /** @param limit how many lines of the log, newest first */
  rejected(limit: number): Promise<RejectionLogContents> {
    return this.rejections.read(limit);
  }

  private async tryToStore(query: string, body: ReceivedBody): Promise<Refusal | undefined> {
    const fields = readRequestFields(query, body);
    if (fields instanceof Refusal) return fields;
    const event = normalise(fields, { names: ORIGINAL_EVENTS, now: this.clock.now() });
    if (event instanceof Refusal) return event;
    const [outcome] = await this.writer.write([event]);
    return outcome instanceof Refusal ? outcome : undefined;
  }
}

/** What was given, as the log of rejections shows it. */
function describe(query: string, body: ReceivedBody): string {
  const text = body instanceof Refusal ? '' : body.bytes.subarray(0, 2_000).toString();
  return [query && `?${query}`, text].filter((part) => part !== '').join(' ');
}
