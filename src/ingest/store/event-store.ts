import { finished } from 'node:stream/promises';
import { Injectable } from '@nestjs/common';
import type { ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { DataSource } from 'typeorm';
import { isDataError, isDuplicateKey, isTooMuchAtOnce } from '../../common/database-errors.js';
import type { NormalisedEvent } from '../normalise.js';
import type { StoreOutcome } from '../outcome.js';
import { Refusal } from '../refusal.js';
import { COPY_COLUMNS, encodeCopy, type EventRow } from './copy-rows.js';
import { withClient } from './database-client.js';
import { EventChunks } from './event-chunks.js';
import { NumberDirectory } from './number-directory.js';

/** From so many rows on COPY is faster than an insert, which takes one round trip less. */
const COPY_FROM_ROWS = 200;

/** Stores events in one transaction, which has committed when it answers. Knows no retry. */
@Injectable()
export class EventStore {
  /** The last insert met duplicates: the next will, too, and COPY would have to be undone. */
  private expectsDuplicates = false;
  private readonly seenClients = new WeakSet<ClientBase>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly chunks: EventChunks,
    private readonly numbers: NumberDirectory,
  ) {}

  /**
   * Stores the events and creates the users, names and sources that are new. A value that the
   * database refuses is refused alone: the events are halved until only its own is left.
   *
   * @returns the outcome of each event, in order
   * @throws the database's error when it isn't known that all of it is stored; a retry of events
   *   with the same times and ids changes nothing that is
   */
  async store(events: readonly NormalisedEvent[]): Promise<StoreOutcome[]> {
    if (events.length === 0) return [];
    try {
      await this.chunks.prepare(events);
      return await withClient(this.dataSource, (client) => this.storeOn(client, events));
    } catch (error) {
      if (isDataError(error)) {
        return events.length === 1
          ? [new Refusal('refused_by_database')]
          : await this.storeHalves(events);
      }
      if (isTooMuchAtOnce(error) && events.length > 1) return await this.storeHalves(events);
      this.numbers.forget();
      throw error;
    }
  }

  private async storeHalves(events: readonly NormalisedEvent[]): Promise<StoreOutcome[]> {
    const middle = Math.floor(events.length / 2);
    const first = await this.store(events.slice(0, middle));
    return [...first, ...(await this.store(events.slice(middle)))];
  }

  private async storeOn(
    client: ClientBase,
    events: readonly NormalisedEvent[],
  ): Promise<StoreOutcome[]> {
    if (!this.seenClients.has(client)) {
      // A new connection may lead to another server than the one that gave the numbers.
      this.seenClients.add(client);
      this.numbers.forget();
    }
    const judged = await this.numbers.resolve(client, events);
    const rows = judged.filter((row): row is EventRow => !(row instanceof Refusal));
    const stored = (await this.insertRows(client, rows)).values();
    return judged.map((row) => {
      if (row instanceof Refusal) return row;
      return stored.next().value! ? 'stored' : 'duplicate';
    });
  }

  /** @returns for each row whether it is new */
  private async insertRows(client: ClientBase, rows: EventRow[]): Promise<boolean[]> {
    if (rows.length >= COPY_FROM_ROWS && !this.expectsDuplicates) {
      try {
        await copy(client, rows);
        return rows.map(() => true);
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
    }
    const stored = await insert(client, rows);
    this.expectsDuplicates = stored.includes(false);
    return stored;
  }
}

async function copy(client: ClientBase, rows: EventRow[]): Promise<void> {
  const target = client.query(copyFrom(`COPY events (${COPY_COLUMNS}) FROM STDIN (FORMAT binary)`));
  target.end(encodeCopy(rows));
  await finished(target);
}

async function insert(client: ClientBase, rows: EventRow[]): Promise<boolean[]> {
  if (rows.length === 0) return [];
  const result = await client.query<{ stored: boolean[] }>(
    `SELECT store_events($1::timestamptz[], $2::uuid[], $3::integer[], $4::integer[],
       $5::smallint[], NULL, $6::jsonb[]) AS stored`,
    [
      // None of these needs quotes in an array's text, and the driver would look at each character.
      `{${rows.map((row) => row.time.toISOString()).join()}}`,
      `{${rows.map((row) => row.id).join()}}`,
      `{${rows.map((row) => row.userSeq).join()}}`,
      `{${rows.map((row) => row.nameId).join()}}`,
      `{${rows.map((row) => row.sourceId).join()}}`,
      rows.map((row) => row.properties ?? null),
    ],
  );
  return result.rows[0]!.stored;
}
