import { escapeLiteral, type ClientBase } from 'pg';
import { isBelowHorizon } from '../common/database-errors.js';

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
 * The same where no row is left, or no entry of an index: there no sample is taken, and the one before
 * stays. Rows that nobody else ever sees are there meanwhile.
 */
export async function sampleEmptyAnew(
  client: ClientBase,
  tables: readonly string[],
): Promise<void> {
  for (const table of tables) {
    const insert = INSERTS[table] ?? (await eventInsert(client, table));
    if (insert === undefined) continue;
    await client.query('BEGIN');
    try {
      const { rows } = await client.query<{ table: string; row: string }>(insert);
      await client.query(`ANALYZE ${table}`);
      await client.query(`DELETE FROM ${rows[0]!.table} WHERE ctid = $1`, [rows[0]!.row]);
      await client.query('COMMIT');
    } catch (error) {
      await client.query('ROLLBACK').catch(() => {});
      // Of what lies there only until it's dropped.
      if (!isBelowHorizon(error)) throw error;
    }
  }
}

const RETURNING = 'RETURNING tableoid::regclass::text AS table, ctid AS row';

const INSERTS: Record<string, string> = {
  users: `INSERT INTO users (kind, id, traits)
    VALUES ('anonymous', gen_random_uuid()::text, '{"sample": true}') ${RETURNING}`,
  rejections: `INSERT INTO rejections (time, code, message, route, input)
    VALUES (now(), 'sample', '', '', '') ${RETURNING}`,
};

/** No event has the name 0: such a row is counted nowhere. */
async function eventInsert(client: ClientBase, table: string): Promise<string | undefined> {
  const insert = (time: string): string =>
    `INSERT INTO events (time, id, user_seq, name_id)
     VALUES (${time}, gen_random_uuid(), 0, 0) ${RETURNING}`;
  if (table === 'events') return insert(`date_trunc('milliseconds', clock_timestamp())`);
  const known = await client.query<{ has: boolean }>(
    `SELECT to_regclass('timescaledb_information.chunks') IS NOT NULL AS has`,
  );
  if (!known.rows[0]!.has) return undefined;
  const { rows } = await client.query<{ start: Date }>(
    `SELECT range_start AS start FROM timescaledb_information.chunks
     WHERE format('%I.%I', chunk_schema, chunk_name)::regclass = $1::regclass`,
    [table],
  );
  return rows[0] && insert(escapeLiteral(rows[0].start.toISOString()));
}
