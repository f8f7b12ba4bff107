import type { ClientBase } from 'pg';
import type { Removed } from './erasure.js';
import type { PersonUser } from './person.js';

/** Who says something by a token is named behind these words, at the end. */
const BY_TOKEN = 'token of ';
const BY_ERASED = 'token of somebody who was erased';

/**
 * Removes users, that they were merged, with whom, and the groups that they were in; those as well in
 * which nobody else is. In a transaction that holds `merges_version`.
 */
export async function removeUsers(
  client: ClientBase,
  users: readonly PersonUser[],
): Promise<Pick<Removed, 'identities' | 'merges' | 'groups'>> {
  if (users.length === 0) return { identities: 0, merges: 0, groups: 0 };
  const seqs = users.map(({ seq }) => seq);
  const remove = async (statement: string): Promise<number> =>
    (await client.query(statement, [seqs])).rowCount ?? 0;
  const merges =
    (await remove(
      `DELETE FROM merges
       WHERE anonymous_seq = ANY ($1::integer[]) OR known_seq = ANY ($1::integer[])`,
    )) +
    (await remove(
      `DELETE FROM merge_refusals
       WHERE from_seq = ANY ($1::integer[]) OR into_seq = ANY ($1::integer[])`,
    ));
  const groups = await removeMemberships(client, seqs);
  await forgetTokens(
    client,
    users.flatMap(({ kind, id }) => (kind === 'known' ? [id] : [])),
  );
  const identities = await remove('DELETE FROM users WHERE seq = ANY ($1::integer[])');
  return { identities, merges, groups };
}

/** @returns of how many groups */
async function removeMemberships(client: ClientBase, seqs: readonly number[]): Promise<number> {
  const { rows } = await client.query<{ seq: number }>(
    `WITH removed AS (
       DELETE FROM memberships WHERE user_seq = ANY ($1::integer[]) RETURNING group_seq
     ) SELECT DISTINCT group_seq AS seq FROM removed`,
    [seqs],
  );
  await client.query(
    `DELETE FROM groups WHERE seq = ANY ($1::integer[])
       AND NOT EXISTS (SELECT FROM memberships WHERE group_seq = groups.seq)`,
    [rows.map(({ seq }) => seq)],
  );
  return rows.length;
}

/** What they said of others stays, and not that it was they. */
async function forgetTokens(client: ClientBase, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    for (const [table, column] of [
      ['merges', 'merged_by'],
      ['merges', 'undone_by'],
      ['merge_refusals', 'refused_by'],
    ] as const) {
      await client.query(
        `UPDATE ${table} SET ${column} = left(${column}, -char_length($1)) || $2
         WHERE right(${column}, char_length($1)) = $1`,
        [BY_TOKEN + id, BY_ERASED],
      );
    }
  }
}
