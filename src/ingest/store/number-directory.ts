import { Injectable } from '@nestjs/common';
import type { ClientBase } from 'pg';
import type { NormalisedEvent } from '../normalise.js';
import type { EventRows } from './copy-rows.js';
import { NumberTable } from './number-table.js';
import { RecentNumbers } from './recent-numbers.js';

/** Some 20 MB. A user beyond it is looked up again, by an index. */
const MAX_USERS = 200_000;
const MAX_NAMES = 10_000;
export const DEFAULT_SOURCE_ID = 1;
const NOBODY = 0;

/**
 * Remembers the numbers of users, event names and sources, so that most events are written as
 * integers alone. What is missing is created, in a transaction of its own: only what is committed is
 * remembered. Numbers belong to one database server: `forget` when another may have taken over.
 */
@Injectable()
export class NumberDirectory {
  private readonly users = new NumberTable(
    'SELECT resolve_users($1) AS numbers',
    new RecentNumbers(MAX_USERS),
  );
  private readonly anonymous = new NumberTable(
    `SELECT resolve_users($1, array_fill('anonymous'::user_kind, ARRAY[cardinality($1::text[])])) AS numbers`,
    new RecentNumbers(MAX_USERS),
  );
  private readonly names = new NumberTable(
    'SELECT resolve_event_names($1) AS numbers',
    new RecentNumbers(MAX_NAMES),
  );
  private readonly sources = new NumberTable('SELECT resolve_sources($1) AS numbers', new Map());

  /**
   * @returns rows of the events, in order, and which events can have none since their source is new
   *   and there are as many as there may be; undefined for none
   */
  async resolve(
    client: ClientBase,
    events: readonly NormalisedEvent[],
  ): Promise<{ rows: EventRows; overLimit: readonly boolean[] | undefined }> {
    const found = await this.resolveSources(client, events);
    const overLimit = found.includes(undefined) ? found.map((id) => id === undefined) : undefined;
    // An event that is refused creates no user.
    const kept = overLimit ? events.filter((_, index) => !overLimit[index]) : events;
    const sourceIds = overLimit ? found.filter((id) => id !== undefined) : (found as number[]);
    const nameIds = (await this.names.resolve(
      client,
      kept.map(({ name }) => name),
    )) as number[];
    const userSeqs = await this.resolveUsers(client, kept);
    return { rows: { events: kept, userSeqs, nameIds, sourceIds }, overLimit };
  }

  /** After a lost connection: a standby may have taken over, without the latest users. */
  forget(): void {
    this.users.forget();
    this.anonymous.forget();
    this.names.forget();
    this.sources.forget();
  }

  private async resolveUsers(
    client: ClientBase,
    events: readonly NormalisedEvent[],
  ): Promise<number[]> {
    const users = await this.users.resolve(
      client,
      events.map(({ user, isAnonymous }) => (isAnonymous ? undefined : user)),
    );
    if (!users.includes(undefined)) return users as number[];
    const anonymous = await this.anonymous.resolve(
      client,
      events.map(({ user, isAnonymous }) => (isAnonymous ? user : undefined)),
    );
    return users.map((seq, index) => seq ?? anonymous[index] ?? NOBODY);
  }

  private async resolveSources(
    client: ClientBase,
    events: readonly NormalisedEvent[],
  ): Promise<(number | undefined)[]> {
    const sourceIds = await this.sources.resolve(
      client,
      events.map(({ source }) => source),
    );
    return sourceIds.map((id, index) =>
      events[index]!.source === undefined ? DEFAULT_SOURCE_ID : id,
    );
  }
}
