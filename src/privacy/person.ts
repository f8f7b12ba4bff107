import type { ClientBase } from 'pg';

export type UserKind = 'known' | 'anonymous';

/** Whom a request names. */
export interface Named {
  id: string;
  kind: UserKind;
}

/** One of the users who are a person. */
export interface PersonUser extends Named {
  seq: number;
}

/**
 * The users who are a person now: a known one and the anonymous ones who were merged into them, or an
 * anonymous one alone. Who was merged once, and isn't any more, is somebody else.
 *
 * @param named any of them
 * @returns the person's own user first; none where nobody has the id
 */
export async function readPerson(client: ClientBase, named: Named): Promise<PersonUser[]> {
  const { rows } = await client.query<PersonUser>(
    `WITH person AS (
       SELECT coalesce(merges.known_seq, given.seq) AS seq FROM users AS given
       LEFT JOIN merges ON merges.anonymous_seq = given.seq AND merges.undone_at IS NULL
       WHERE given.kind = $1 AND given.id = $2
     ), members AS (
       SELECT seq, 0 AS merge FROM person
       UNION ALL
       SELECT anonymous_seq, merges.id FROM person
       JOIN merges ON merges.known_seq = person.seq AND merges.undone_at IS NULL
     )
     SELECT users.seq, users.kind::text AS kind, users.id
     FROM members JOIN users USING (seq) ORDER BY merge`,
    [named.kind, named.id],
  );
  return rows;
}
