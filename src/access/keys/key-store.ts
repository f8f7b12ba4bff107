import type { Ask } from '../../database/ask.js';
import type { AccessKey, KeyRules } from './access-key.js';

const COLUMNS = `id, kind, name, digest, hint, source, origins, events, max_age_s::float8 AS "maxAgeS",
  created_at AS "createdAt", created_by AS "createdBy", revoked_at AS "revokedAt",
  coalesce(revoked_at <= now(), false) AS "isEnded", rotated_from AS "rotatedFrom", last_used_at AS "lastUsedAt"`;

/** All that were ever made, the first first; revoked ones, too. */
export function readKeys(ask: Ask): Promise<AccessKey[]> {
  return ask<AccessKey>(`SELECT ${COLUMNS} FROM access_keys ORDER BY id`);
}

/** @returns undefined where there is none of that number */
export async function readKey(ask: Ask, id: number): Promise<AccessKey | undefined> {
  const [key] = await ask<AccessKey>(`SELECT ${COLUMNS} FROM access_keys WHERE id = $1`, [id]);
  return key;
}

/** What is kept of a new key besides its rules. */
export interface NewKey {
  digest: Buffer;
  hint: string;
  createdBy: string;
  rotatedFrom?: number;
}

export async function insertKey(ask: Ask, rules: KeyRules, made: NewKey): Promise<AccessKey> {
  const [key] = await ask<AccessKey>(
    `INSERT INTO access_keys (kind, name, digest, hint, source, origins, events, max_age_s, created_by,
       rotated_from)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING ${COLUMNS}`,
    [
      rules.kind,
      rules.name,
      made.digest,
      made.hint,
      rules.source,
      rules.origins,
      rules.events,
      rules.maxAgeS,
      made.createdBy,
      made.rotatedFrom ?? null,
    ],
  );
  return key!;
}

/**
 * Ends a key, now or after some seconds; one that ends before stays as it is.
 *
 * @returns undefined where there is none of that number
 */
export async function endKey(ask: Ask, id: number, afterS = 0): Promise<AccessKey | undefined> {
  const [key] = await ask<AccessKey>(
    `WITH ended AS (
       UPDATE access_keys
       SET revoked_at = least(revoked_at, now() + make_interval(secs => $2))
       WHERE id = $1 RETURNING *
     ) SELECT ${COLUMNS} FROM ended`,
    [id, afterS],
  );
  return key;
}

/** @param uses when each was used last */
export async function noteUses(ask: Ask, uses: ReadonlyMap<number, number>): Promise<void> {
  await ask(
    `UPDATE access_keys SET last_used_at = greatest(last_used_at, used.time)
     FROM unnest($1::integer[], $2::timestamptz[]) AS used (id, time)
     WHERE access_keys.id = used.id`,
    [[...uses.keys()], [...uses.values()].map((time) => new Date(time).toISOString())],
  );
}
