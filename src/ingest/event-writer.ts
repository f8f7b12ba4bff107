import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { UnavailableError } from '../common/errors.js';
import { isDataError } from '../common/database-errors.js';
import { EventChunks } from './event-chunks.js';
import type { NormalisedEvent } from './normalise.js';
import { Refusal } from './refusal.js';

/** What became of one event. `duplicate`: it was stored before, and nothing changed. */
export type Outcome = 'stored' | 'duplicate' | Refusal;

/** Only these statuses of record_events are refusals. */
const REFUSED = { source_limit: new Refusal('source_limit') };

type RecordedStatus = 'stored' | 'duplicate' | keyof typeof REFUSED;

/** Stores events. It answers after the commit, never before. */
@Injectable()
export class EventWriter {
  constructor(
    private readonly dataSource: DataSource,
    private readonly chunks: EventChunks,
  ) {}

  /**
   * Stores the events and creates the users, names and sources that are new.
   *
   * @returns the outcome of each event, in order
   * @throws UnavailableError when it isn't known that all of it is stored; a retry of events with
   *   the same times and ids changes nothing that is
   */
  async write(events: NormalisedEvent[]): Promise<Outcome[]> {
    if (events.length === 0) return [];
    try {
      return await this.record(events);
    } catch (error) {
      if (!isDataError(error)) throw new UnavailableError(error);
      return await this.isolate(events);
    }
  }

  /** The database refuses a value: halves the batch until only its event is refused. */
  private async isolate(events: NormalisedEvent[]): Promise<Outcome[]> {
    if (events.length === 1) return [new Refusal('refused_by_database')];
    const middle = Math.floor(events.length / 2);
    const first = await this.write(events.slice(0, middle));
    return [...first, ...(await this.write(events.slice(middle)))];
  }

  private async record(events: NormalisedEvent[]): Promise<Outcome[]> {
    await this.chunks.prepare(events.map(({ time }) => time));
    const rows = await this.dataSource.query<{ status: RecordedStatus }[]>(
      `SELECT status FROM record_events($1::timestamptz[], $2::text[], $3::text[],
         ids => $4::uuid[], source_names => $5::text[], properties => $6::jsonb[])`,
      [
        events.map((event) => event.time.toISOString()),
        events.map((event) => event.user),
        events.map((event) => event.name),
        events.map((event) => event.id),
        events.map((event) => event.source ?? null),
        events.map((event) => event.properties ?? null),
      ],
    );
    return rows.map(({ status }) =>
      status === 'stored' || status === 'duplicate' ? status : REFUSED[status],
    );
  }
}
