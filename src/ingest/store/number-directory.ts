import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { ClientBase } from 'pg';
import type { NormalisedEvent } from '../normalise.js';
import { Refusal } from '../refusal.js';
import type { EventRow } from './copy-rows.js';

/** Some 20 MB. A user beyond it is looked up again, by an index. */
const MAX_USERS = 200_000;
const MAX_NAMES = 10_000;
const DEFAULT_SOURCE_ID = 1;
const SOURCE_LIMIT = new Refusal('source_limit');

type Numbers = Pick<Map<string, number>, 'get'>;

/**
 * Remembers the numbers of users, event names and sources, so that most events are written as
 * integers alone. What is missing is created, in a transaction of its own: only what is committed is
 * remembered. Numbers belong to one database server: `forget` when another may have taken over.
 */
@Injectable()
export class NumberDirectory {
  private readonly users = new LRUCache<string, number>({ max: MAX_USERS });
  private readonly names = new LRUCache<string, number>({ max: MAX_NAMES });
  private readonly sources = new Map<string, number>();
  /** Grows with each `forget`: an answer that was asked for before isn't remembered after. */
  private generation = 0;

  /** @returns a row for each event, in order, or why there can be none */
  async resolve(
    client: ClientBase,
    events: readonly NormalisedEvent[],
  ): Promise<(EventRow | Refusal)[]> {
    const sources = await this.find(
      this.sources,
      events,
      ({ source }) => source,
      (missing) => ask(client, 'SELECT resolve_sources($1) AS numbers', missing),
    );
    const sourceOf = ({ source }: NormalisedEvent): number | undefined =>
      source === undefined ? DEFAULT_SOURCE_ID : sources.get(source);
    const names = await this.find(
      this.names,
      events,
      ({ name }) => name,
      (missing) => ask(client, 'SELECT resolve_event_names($1) AS numbers', missing),
    );
    const users = await this.find(
      this.users,
      events,
      // An event that is refused creates no user.
      (event) => (sourceOf(event) === undefined ? undefined : event.user),
      (missing) => ask(client, 'SELECT resolve_users($1) AS numbers', missing),
    );
    return events.map((event) => {
      const sourceId = sourceOf(event);
      if (sourceId === undefined) return SOURCE_LIMIT;
      const { time, id, properties } = event;
      const userSeq = users.get(event.user)!;
      const nameId = names.get(event.name)!;
      return { time, id, userSeq, nameId, sourceId, properties };
    });
  }

  /** After a lost connection: a standby may have taken over, without the latest users. */
  forget(): void {
    this.generation += 1;
    this.users.clear();
    this.names.clear();
    this.sources.clear();
  }

  /** The numbers of all keys of the events: those known, and those that the database says. */
  private async find(
    known: Map<string, number> | LRUCache<string, number>,
    events: readonly NormalisedEvent[],
    keyOf: (event: NormalisedEvent) => string | undefined,
    lookUp: (missing: string[]) => Promise<(number | null)[]>,
  ): Promise<Numbers> {
    const missing = new Set<string>();
    // Kept apart, since the cache may drop what it holds before the rows are made.
    const found = new Map<string, number>();
    for (const event of events) {
      const key = keyOf(event);
      if (key === undefined || found.has(key)) continue;
      const number = known.get(key);
      if (number === undefined) missing.add(key);
      else found.set(key, number);
    }
    if (missing.size === 0) return found;
    const { generation } = this;
    const keys = [...missing];
    const numbers = await lookUp(keys);
    for (const [index, key] of keys.entries()) {
      const number = numbers[index];
      if (number === null || number === undefined) continue;
      found.set(key, number);
      if (generation === this.generation) known.set(key, number);
    }
    return found;
  }
}

async function ask(
  client: ClientBase,
  statement: string,
  keys: string[],
): Promise<(number | null)[]> {
  const { rows } = await client.query<{ numbers: (number | null)[] }>(statement, [keys]);
  return rows[0]!.numbers;
}
