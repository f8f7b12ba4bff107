import type { ClientBase } from 'pg';
import type { UserKind, UsersQuery } from '../language/parse-users.js';
import { allSql } from './filter-sql.js';
import { SqlParameters } from './sql-parameters.js';
import { indexedSql } from './trait-index.js';
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

/** Whether their table is read but for a part that an index finds. */
export function readsAllPeople({ filters }: UsersQuery): boolean {
  return filters.length > 0 && !filters.some((filter) => indexedSql(filter, new SqlParameters()));
}

/** In the order in which they were first seen. */
export async function runUsers(client: ClientBase, query: UsersQuery): Promise<PeoplePage> {
  const parameters = new SqlParameters();
  const { filters, kind, limit, after } = query;
  const conditions = [
    `users.seq > ${parameters.bind(after, 'integer')}`,
    ...(kind ? [`users.kind = ${parameters.bind(kind, 'user_kind')}`] : []),
    // Looked up for each, since a page has few of them.
    ...(kind === 'known' ? [] : [`(${MERGED}) IS NULL`]),
    ...filters.flatMap((filter) => indexedSql(filter, parameters) ?? []),
    allSql(filters, { trait: PERSON_TRAITS }, parameters),
  ];
  const { rows } = await client.query<PersonRow>(
    `SELECT users.seq, users.kind::text AS kind, users.id, (${PERSON_TRAITS})::text AS traits,
       ${momentSql('users.created_at')} AS "createdAt"
     FROM users WHERE ${conditions.join(' AND ')}
     ORDER BY users.seq LIMIT ${parameters.bind(limit + 1, 'integer')}`,
    parameters.values,
  );
  return { rows: rows.slice(0, limit), isFull: rows.length > limit };
}

const MERGED =
  'SELECT 1 FROM merges WHERE merges.anonymous_seq = users.seq AND merges.undone_at IS NULL';

/** As JSON has moments: in UTC, with milliseconds. */
export function momentSql(column: string): string {
  return `to_char((${column}) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}
