import type { ClientBase } from 'pg';

/**
 * Sets traits, merges anonymous users into known ones and keeps memberships, in order, within the
 * transaction that is open. Whoever does so waits for all others who do, until the commit.
 *
 * @param userSeqs whom each change is about: `users.seq`
 * @param changes JSON text of each: see the function `apply_identities`
 * @throws the database's error: see `isTraitsLimit`
 */
export async function applyIdentities(
  client: ClientBase,
  userSeqs: readonly number[],
  changes: readonly string[],
): Promise<void> {
  await client.query('SELECT apply_identities($1::integer[], $2::jsonb[])', [
    `{${userSeqs.join()}}`,
    changes,
  ]);
}
