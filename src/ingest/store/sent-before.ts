import type { ClientBase } from 'pg';
import { parseJsonObject } from '../../common/json-object.js';
import type { NormalisedEvent } from '../normalise.js';
import type { EventRows } from './copy-rows.js';

/** An event that may be stored as its anonymous user's. */
interface Question {
  place: number;
  event: NormalisedEvent;
  sentAs: string;
}

/**
 * SDKs of browsers name their visitor at the moment when they send. A page view of somebody unknown,
 * whose answer was lost, is a known user's when it's sent again after they have logged in: the same
 * event, of another user.
 *
 * @returns for each event whether it's stored as that of the anonymous user whom it names
 */
export async function wereSentBefore(
  client: ClientBase,
  events: readonly NormalisedEvent[],
): Promise<boolean[]> {
  const found = Array<boolean>(events.length).fill(false);
  const questions = questionsOf(events);
  if (questions.length === 0) return found;
  // They may have waited together.
  const here = new Set(events.filter(({ isAnonymous }) => isAnonymous).map(keyOf));
  const stored = await findStored(client, questions);
  for (const [index, { place, event, sentAs }] of questions.entries()) {
    found[place] = stored[index]! || here.has(keyOf({ ...event, user: sentAs }));
  }
  return found;
}

const SAYS_NOTHING = new Set(['sent_as', 'at', 'by']);

/** Whether what an event says about its user is more than whose it may have been before. */
export function changesUsers(identity: string): boolean {
  return Object.keys(parseJsonObject(identity) ?? {}).some((key) => !SAYS_NOTHING.has(key));
}

/** The events that aren't marked. */
export function without(rows: EventRows, marks: readonly boolean[]): EventRows {
  const kept = <T>(column: ArrayLike<T>): T[] =>
    Array.from(column).filter((_, index) => !marks[index]);
  return {
    events: kept(rows.events),
    userSeqs: kept(rows.userSeqs),
    nameIds: kept(rows.nameIds),
    sourceIds: kept(rows.sourceIds),
  };
}

function questionsOf(events: readonly NormalisedEvent[]): Question[] {
  return events.flatMap((event, place) => {
    const sentAs = event.identity && parseJsonObject(event.identity)?.['sent_as'];
    return typeof sentAs === 'string' ? [{ place, event, sentAs }] : [];
  });
}

function keyOf({ time, id, user }: Pick<NormalisedEvent, 'time' | 'id' | 'user'>): string {
  return `${time} ${id} ${user}`;
}

async function findStored(client: ClientBase, questions: readonly Question[]): Promise<boolean[]> {
  // One look-up of the key for each, however large the planner takes the table for.
  await client.query('SET LOCAL enable_seqscan = off');
  const result = await client.query<{ stored: boolean }>(
    `SELECT (
       SELECT 1 FROM events WHERE events.time = sent.time AND events.id = sent.id
         AND events.user_seq =
           (SELECT seq FROM users WHERE users.kind = 'anonymous' AND users.id = sent.sent_as)
     ) IS NOT NULL AS stored
     FROM unnest($1::timestamptz[], $2::uuid[], $3::text[])
       WITH ORDINALITY AS sent (time, id, sent_as, place) ORDER BY place`,
    [
      questions.map(({ event }) => new Date(event.time).toISOString()),
      questions.map(({ event }) => event.id),
      questions.map(({ sentAs }) => sentAs),
    ],
  );
  return result.rows.map(({ stored }) => stored);
}
