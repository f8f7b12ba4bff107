import { randomUUID } from 'node:crypto';
import type { ClientBase } from 'pg';

/** Of a person with more identities the first count: each is looked for in all statistics. */
const MAX_IDS = 20;

/**
 * The tables of whose values PostgreSQL's planner keeps a sample in which an id stands. An index over
 * an expression has a sample of its own, which is taken with its table's.
 *
 * @returns names that can be put into a statement
 */
export async function tablesSampling(
  client: ClientBase,
  ids: readonly string[],
): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT DISTINCT coalesce(pg_index.indrelid, pg_class.oid)::regclass::text AS name
     FROM pg_stats
     JOIN pg_namespace ON pg_namespace.nspname = pg_stats.schemaname
     JOIN pg_class ON pg_class.relname = pg_stats.tablename
       AND pg_class.relnamespace = pg_namespace.oid
     LEFT JOIN pg_index ON pg_index.indexrelid = pg_class.oid
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND EXISTS (
       SELECT FROM unnest($1::text[]) AS given (id)
       WHERE strpos(concat(most_common_vals::text, histogram_bounds::text,
         most_common_elems::text), given.id) > 0
     )`,
    [ids.slice(0, MAX_IDS)],
  );
  return rows.map(({ name }) => name);
}

/** Takes the samples anew, from the rows that there are now. @param tables as they are named above */
export async function sampleAnew(client: ClientBase, tables: readonly string[]): Promise<void> {
  for (const table of tables) await client.query(`ANALYZE ${table}`);
}

/**
 * Of a table without rows, or an index without entries, no sample is taken, and the one before stays:
 * rows that nobody else ever sees are there meanwhile.
 */
export async function sampleEmptyAnew(client: ClientBase): Promise<void> {
  await client.query('BEGIN');
  try {
    const { rows } = await client.query<{ seq: number; rejection: string }>(
      `WITH sample AS (
         INSERT INTO users (kind, id, traits) VALUES ('anonymous', $1, '{"sample": true}')
         RETURNING seq
       ), line AS (
         INSERT INTO rejections (time, code, message, route, input)
         VALUES (now(), 'sample', '', '', '') RETURNING id
       )
       SELECT seq, line.id AS rejection FROM sample, line`,
      [randomUUID()],
    );
    await client.query('ANALYZE users, rejections');
    await client.query('DELETE FROM users WHERE seq = $1', [rows[0]!.seq]);
    await client.query('DELETE FROM rejections WHERE id = $1', [rows[0]!.rejection]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}
