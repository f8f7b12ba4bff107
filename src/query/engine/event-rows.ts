import type { ClientBase } from 'pg';
import type { EventKey } from '../language/parse-events.js';
import type { SqlParameters } from './sql-parameters.js';

/** A raw event as it was recorded. */
export interface EventRow {
  key: EventKey;
  /** Undefined for an event of nobody. */
  user: string | undefined;
  /** Whether the user is an anonymous one: ids of known users are others. */
  isAnonymous: boolean;
  /** The known user whom its anonymous one was merged into, by their id. */
  person: string | undefined;
  event: string;
  source: string;
  bot: boolean;
  /** As JSON. */
  properties: string | undefined;
}

type Columns = [
  time: string,
  id: string,
  userSeq: number,
  user: string | null,
  isAnonymous: boolean | null,
  person: string | null,
  event: string,
  source: string,
  bot: boolean,
  properties: string | null,
];

/** Orders of events: by the key, which tells all apart. */
export type EventOrder = 'ASC' | 'DESC';

export function orderOfEvents(table: string, order: EventOrder): string {
  return ['time', 'id', 'user_seq'].map((column) => `${table}.${column} ${order}`).join(', ');
}

/** @param page SQL that selects rows of `events`, few of them: the rest is looked up for each */
export async function readEventRows(
  client: ClientBase,
  page: string,
  order: EventOrder,
  { values }: SqlParameters,
): Promise<EventRow[]> {
  const { rows } = await client.query<Columns>({
    text: `
      SELECT (extract(epoch FROM page.time) * 1000)::float8, page.id, page.user_seq, owner.id,
        owner.kind = 'anonymous', person.id, event_names.name, source.name, page.bot,
        page.properties::text
      FROM (${page}) AS page
      JOIN event_names ON event_names.id = page.name_id
      JOIN sources AS source ON source.id = page.source_id
      LEFT JOIN users AS owner ON owner.seq = page.user_seq
      LEFT JOIN merges ON merges.anonymous_seq = page.user_seq AND merges.undone_at IS NULL
      LEFT JOIN users AS person ON person.seq = merges.known_seq
      ORDER BY ${orderOfEvents('page', order)}`,
    values,
    rowMode: 'array',
  });
  return rows.map(toRow);
}

function toRow(columns: Columns): EventRow {
  const [time, id, userSeq, user, isAnonymous, person, event, source, bot, properties] = columns;
  return {
    key: { time: Math.floor(Number(time)), id, userSeq },
    user: user ?? undefined,
    isAnonymous: isAnonymous === true,
    person: person ?? undefined,
    event,
    source,
    bot,
    properties: properties ?? undefined,
  };
}
