import type { ClientBase } from 'pg';
import type { NormalisedEvent } from '../normalise.js';
import type { NumberCache } from './number-table.js';

/** Events of users who were erased after them have this in the place of a number. */
export const ERASED = 'erased';

export type UserNumber = number | typeof ERASED;

/** The number of one user, and the time before which their events are refused, if any. */
interface Found {
  number: number;
  erasedBefore: number | undefined;
}

/**
 * Numbers of users of one kind, which the database gives and creates. Of who was erased lately nothing
 * is remembered: whether an event is taken depends on its time, too.
 */
export class UserNumbers {
  /** Grows with each `forget`: an answer that was asked for before isn't remembered after. */
  private generation = 0;

  constructor(
    private readonly kind: 'known' | 'anonymous',
    private readonly cache: NumberCache,
  ) {}

  /** @returns a number for each event whose user is of this kind, in order; undefined for the others */
  async resolve(
    client: ClientBase,
    events: readonly (NormalisedEvent | undefined)[],
  ): Promise<(UserNumber | undefined)[]> {
    /** The newest time of each user who isn't remembered. */
    const missing = new Map<string, number>();
    const isAnonymous = this.kind === 'anonymous';
    const numbers = events.map((event): UserNumber | undefined => {
      if (event?.user === undefined || event.isAnonymous !== isAnonymous) return undefined;
      const { user, time } = event;
      const number = this.cache.get(user);
      if (number === undefined) missing.set(user, Math.max(time, missing.get(user) ?? time));
      return number;
    });
    if (missing.size === 0) return numbers;
    const asked = await this.ask(client, missing);
    return numbers.map((number, index) => {
      const event = events[index];
      if (number !== undefined || event?.isAnonymous !== isAnonymous) return number;
      const found = event.user === undefined ? undefined : asked.get(event.user);
      return found && (event.time < (found.erasedBefore ?? event.time) ? ERASED : found.number);
    });
  }

  forget(): void {
    this.generation += 1;
    this.cache.clear();
  }

  private async ask(
    client: ClientBase,
    missing: ReadonlyMap<string, number>,
  ): Promise<Map<string, Found>> {
    const { generation } = this;
    const ids = [...missing.keys()];
    const { rows } = await client.query<{ numbers: number[]; moments: (number | null)[] | null }>(
      `SELECT numbers, CASE WHEN moments IS NOT NULL THEN ARRAY(
         SELECT extract(epoch FROM moment)::float8 * 1000
         FROM unnest(moments) WITH ORDINALITY AS given (moment, place) ORDER BY place
       ) END AS moments
       FROM resolve_living_users(
         $1, array_fill($2::user_kind, ARRAY[cardinality($1::text[])]), $3::timestamptz[])`,
      [
        ids,
        this.kind,
        `{${[...missing.values()].map((time) => new Date(time).toISOString()).join()}}`,
      ],
    );
    const { numbers, moments } = rows[0]!;
    const found = new Map<string, Found>();
    for (const [index, id] of ids.entries()) {
      const erasedBefore = moments?.[index] ?? undefined;
      const number = numbers[index]!;
      found.set(id, { number, erasedBefore });
      const isKept = erasedBefore === undefined && generation === this.generation;
      if (isKept) this.cache.set(id, number);
    }
    return found;
  }
}
