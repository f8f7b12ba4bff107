import { Injectable } from '@nestjs/common';
import type { ClientBase } from 'pg';
import type { NormalisedEvent } from '../normalise.js';
import { Refusal } from '../refusal.js';
import type { EventRows } from './copy-rows.js';
import { NumberTable } from './number-table.js';
import { RecentNumbers } from './recent-numbers.js';
import { ERASED, UserNumbers, type UserNumber } from './user-numbers.js';

/** Some 20 MB. A user beyond it is looked up again, by an index. */
const MAX_USERS = 200_000;
const MAX_NAMES = 10_000;
export const DEFAULT_SOURCE_ID = 1;
const NOBODY = 0;
const SOURCE_LIMIT = new Refusal('source_limit');
const ERASED_USER = new Refusal('erased');

/**
 * Remembers the numbers of users, event names and sources, so that most events are written as
 * integers alone. What is missing is created, in a transaction of its own: only what is committed is
 * remembered. Numbers belong to one database server: `forget` when another may have taken over.
 */
@Injectable()
export class NumberDirectory {
  private readonly users = new UserNumbers('known', new RecentNumbers(MAX_USERS));
  private readonly anonymous = new UserNumbers('anonymous', new RecentNumbers(MAX_USERS));
  private readonly names = new NumberTable(
    'SELECT resolve_event_names($1) AS numbers',
    new RecentNumbers(MAX_NAMES),
  );
  private readonly sources = new NumberTable('SELECT resolve_sources($1) AS numbers', new Map());

  /**
   * @returns rows of the events, in order, and why some can have none: their source is new and there
   *   are as many as there may be, or their user was erased after them; undefined for none
   */
  async resolve(
    client: ClientBase,
    events: readonly NormalisedEvent[],
  ): Promise<{ rows: EventRows; refused: readonly (Refusal | undefined)[] | undefined }> {
    const sources = await this.resolveSources(client, events);
    // An event that is refused creates no user, and no name.
    const isOver = (index: number): boolean => sources[index] === undefined;
    const users = await this.resolveUsers(
      client,
      sources.includes(undefined)
        ? events.map((event, index) => (isOver(index) ? undefined : event))
        : events,
    );
    const refused = refusalsOf(sources, users);
    const isKept = (_: unknown, index: number): boolean => refused?.[index] === undefined;
    const kept = refused ? events.filter(isKept) : events;
    const nameIds = (await this.names.resolve(
      client,
      kept.map(({ name }) => name),
    )) as number[];
    const sourceIds = (refused ? sources.filter(isKept) : sources) as number[];
    const userSeqs = (refused ? users.filter(isKept) : users) as number[];
    return { rows: { events: kept, userSeqs, nameIds, sourceIds }, refused };
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
    events: readonly (NormalisedEvent | undefined)[],
  ): Promise<UserNumber[]> {
    const users = await this.users.resolve(client, events);
    if (!users.includes(undefined)) return users as UserNumber[];
    const anonymous = await this.anonymous.resolve(client, events);
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

function refusalsOf(
  sources: readonly (number | undefined)[],
  users: readonly UserNumber[],
): (Refusal | undefined)[] | undefined {
  if (!sources.includes(undefined) && !users.includes(ERASED)) return undefined;
  return sources.map((source, index) => {
    if (source === undefined) return SOURCE_LIMIT;
    return users[index] === ERASED ? ERASED_USER : undefined;
  });
}
