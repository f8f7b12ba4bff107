import type { ClientBase } from 'pg';
import { parseJsonObject } from '../../common/json-object.js';
import type { NormalisedEvent } from '../normalise.js';

/** In one message; the lock is held until the end of the transaction, and what is read is from after it. */
const BEGIN = `BEGIN; LOCK TABLE tombstones IN ROW SHARE MODE;
  SELECT EXISTS (SELECT FROM tombstones) AS "isKept"`;

/** A user whom an event names beside its own, who would be created by it. */
interface Mention {
  place: number;
  id: string;
  kind: 'known' | 'anonymous';
}

/**
 * Begins a transaction in which nobody is erased until its end.
 *
 * @returns for each event whether somebody else whom it says its user was has been erased since then
 */
export async function beginAndFindErased(
  client: ClientBase,
  events: readonly NormalisedEvent[],
): Promise<boolean[]> {
  const results = (await client.query(BEGIN)) as unknown as { rows: { isKept: boolean }[] }[];
  const erased = Array<boolean>(events.length).fill(false);
  if (!results.at(-1)!.rows[0]!.isKept) return erased;
  const mentions = events.flatMap(mentionsOf);
  if (mentions.length === 0) return erased;
  for (const [index, moment] of (await readErasureMoments(client, mentions)).entries()) {
    const { place } = mentions[index]!;
    if (moment !== undefined && events[place]!.time < moment) erased[place] = true;
  }
  return erased;
}

/** @returns before when events of each user are refused, in milliseconds; undefined for who wasn't erased */
async function readErasureMoments(
  client: ClientBase,
  users: readonly { id: string; kind: 'known' | 'anonymous' }[],
): Promise<(number | undefined)[]> {
  const { rows } = await client.query<{ moments: (Date | null)[] | null }>(
    'SELECT erasure_moments($1::text[], $2::user_kind[]) AS moments',
    [users.map(({ id }) => id), `{${users.map(({ kind }) => kind).join()}}`],
  );
  const moments = rows[0]!.moments ?? [];
  return users.map((_, index) => moments[index]?.getTime());
}

/** Of a previous user it's not said of which kind the id is. */
function mentionsOf({ identity }: NormalisedEvent, place: number): Mention[] {
  const said = identity === undefined ? undefined : parseJsonObject(identity);
  const { anonymous, previous } = said ?? {};
  return [
    ...(typeof anonymous === 'string'
      ? [{ place, id: anonymous, kind: 'anonymous' as const }]
      : []),
    ...(typeof previous === 'string'
      ? [
          { place, id: previous, kind: 'anonymous' as const },
          { place, id: previous, kind: 'known' as const },
        ]
      : []),
  ];
}
