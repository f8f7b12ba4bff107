import type { ClientBase } from 'pg';
import { readIntegers } from '../../rollup/sql-values.js';
import { UserSet } from '../../rollup/user-set.js';
import type { Filter } from '../language/query.js';
import { allSql, valueSql } from './filter-sql.js';
import { SqlParameters } from './sql-parameters.js';

/** People who have something, or all but those. */
export interface PeopleFilter {
  people: UserSet;
  isExcluding: boolean;
}

/** A person's traits: their own over those of the anonymous users who were merged into them. */
export const PERSON_TRAITS = '(alias_traits || traits)';
/** SQL for the condition that a user has any trait at all, which an index knows. */
export const WITH_TRAITS = `${PERSON_TRAITS} <> '{}'`;

/**
 * Who passes filters of traits. Most users have no traits: where those pass, the others who don't
 * are read.
 */
export async function readPeople(
  client: ClientBase,
  filters: readonly Filter[],
): Promise<PeopleFilter | undefined> {
  if (filters.length === 0) return undefined;
  const parameters = new SqlParameters();
  const ofUser = allSql(filters, { trait: PERSON_TRAITS }, parameters);
  const ofNobody = allSql(filters, { trait: `'{}'::jsonb` }, parameters);
  const { rows } = await client.query<{ excluding: boolean; users: string | null }>(
    `SELECT (${ofNobody}) AS excluding,
       (SELECT array_agg(seq) FROM users
        WHERE ${WITH_TRAITS} AND (${ofUser}) <> (${ofNobody}))::text AS users`,
    parameters.values,
  );
  const { excluding, users } = rows[0]!;
  return { people: UserSet.of(readIntegers(users)), isExcluding: excluding };
}

export function passing(people: UserSet, filter: PeopleFilter | undefined): UserSet {
  if (!filter) return people;
  return filter.isExcluding ? people.without(filter.people) : people.and(filter.people);
}

/** Everyone who has a trait, by its value as JSON. */
export async function readTrait(client: ClientBase, name: string): Promise<Map<string, UserSet>> {
  const parameters = new SqlParameters();
  const value = valueSql({ of: 'trait', name }, { trait: PERSON_TRAITS }, parameters);
  const { rows } = await client.query<{ value: string; users: string }>(
    `SELECT value::text AS value, array_agg(seq)::text AS users
     FROM (SELECT seq, ${value} AS value FROM users
       WHERE ${WITH_TRAITS} AND ${PERSON_TRAITS} ? ${parameters.bind(name, 'text')}) AS having_it
     WHERE having_it.value IS NOT NULL GROUP BY having_it.value`,
    parameters.values,
  );
  return new Map(rows.map((row) => [row.value, UserSet.of(readIntegers(row.users))]));
}
