import type { ClientBase } from 'pg';
import type { UserKind, UsersQuery } from '../language/parse-users.js';
import { allSql } from './filter-sql.js';
import { SqlParameters } from './sql-parameters.js';
import { indexedSql, isFoundByValue } from './trait-index.js';
import { PERSON_TRAITS } from './traits.js';

/** A person: a known user, or an anonymous one who belongs to nobody else. */
export interface PersonRow {
  seq: number;
  kind: UserKind;
  id: string;
  /** Their own and their aliases', as JSON. */
  traits: string;
  /** ISO 8601. */
  createdAt: string;
}

export interface PeoplePage {
  rows: PersonRow[];
  /** Whether there are more. */
  isFull: boolean;
}

/** Of so many users for each row of a page it's tried first whether enough of them pass. */
const USERS_A_ROW = 50;
const MAX_SEQ = 2 ** 31 - 1;

/** Whether most of their table may be read. */
export function readsAllPeople({ filters }: UsersQuery): boolean {
  return filters.length > 0 && !filters.some(isFoundByValue);
}

/**
 * In the order in which they were first seen. Where many pass, the next users have a page of them, and
 * an index would bring all of them for it; where few do, an index finds those.
 */
export async function runUsers(client: ClientBase, query: UsersQuery): Promise<PeoplePage> {
  const { limit, after } = query;
  const near = Math.min(after + USERS_A_ROW * limit, MAX_SEQ);
  const first = await readPeople(client, query, { after, upTo: near, isIndexed: false });
  const rest =
    first.length > limit
      ? []
      : await readPeople(client, query, { after: near, upTo: MAX_SEQ, isIndexed: true });
  const rows = [...first, ...rest];
  return { rows: rows.slice(0, limit), isFull: rows.length > limit };
}

/** One more than the page has. */
async function readPeople(
  client: ClientBase,
  { filters, kind, limit }: UsersQuery,
  { after, upTo, isIndexed }: { after: number; upTo: number; isIndexed: boolean },
): Promise<PersonRow[]> {
  const parameters = new SqlParameters();
  const conditions = [
    `users.seq > ${parameters.bind(after, 'integer')}`,
    `users.seq <= ${parameters.bind(upTo, 'integer')}`,
    ...(kind ? [`users.kind = ${parameters.bind(kind, 'user_kind')}`] : []),
    // Looked up for each, since a page has few of them.
    ...(kind === 'known' ? [] : [`(${MERGED}) IS NULL`]),
    ...(isIndexed ? filters.flatMap((filter) => indexedSql(filter, parameters) ?? []) : []),
    allSql(filters, { trait: PERSON_TRAITS }, parameters),
  ];
  const { rows } = await client.query<PersonRow>(
    `SELECT users.seq, users.kind::text AS kind, users.id, (${PERSON_TRAITS})::text AS traits,
       ${momentSql('users.created_at')} AS "createdAt"
     FROM users WHERE ${conditions.join(' AND ')}
     ORDER BY users.seq LIMIT ${parameters.bind(limit + 1, 'integer')}`,
    parameters.values,
  );
  return rows;
}

const MERGED =
  'SELECT 1 FROM merges WHERE merges.anonymous_seq = users.seq AND merges.undone_at IS NULL';

/** As JSON has moments: in UTC, with milliseconds. */
export function momentSql(column: string): string {
  return `to_char((${column}) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}
