import type { ClientBase } from 'pg';
import { askOf } from './ask.js';
import { extensionSchema } from './extension-schema.js';
import { inTransaction } from './in-transaction.js';
import { readStorageFeatures } from './storage-features.js';

const LOCK_TIMEOUT_MS = 2_000;

/**
 * Has chunks compressed that are older than some days, where the server's TimescaleDB is under its
 * vendor's licence. It may be said again and again.
 *
 * @returns whether old chunks are compressed from now on; false where the server can't
 * @throws what the database says where it could and doesn't; all is as it was then
 */
export async function compressOldChunks(client: ClientBase, days: number): Promise<boolean> {
  const { compression } = await readStorageFeatures(askOf(client));
  if (compression === 'unavailable') return false;
  if (compression === 'active' && (await isPolicyFor(client, days))) return true;
  await inTransaction(client, async () => {
    await client.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
    if (compression === 'available') {
      await deleteRowByRow(client);
      await client.query(SETTINGS);
    }
    const schema = (await extensionSchema(askOf(client)))!;
    await client.query(`SELECT ${schema}.remove_compression_policy('events', if_exists => true)`);
    await client.query(
      `SELECT ${schema}.add_compression_policy('events', compress_after => make_interval(days => $1))`,
      [days],
    );
  });
  return true;
}

/** All columns of the key are in it: by these a late event finds out whether it is there already. */
const SETTINGS = `
  ALTER TABLE events SET (timescaledb.compress, timescaledb.compress_segmentby = 'source_id',
    timescaledb.compress_orderby = 'time, id, user_seq')`;

async function isPolicyFor(client: ClientBase, days: number): Promise<boolean> {
  const { rows } = await client.query<{ same: boolean }>(
    `SELECT (config ->> 'compress_after')::interval = make_interval(days => $1) AS same
     FROM timescaledb_information.jobs
     WHERE proc_name = 'policy_compression'
       AND format('%I.%I', hypertable_schema, hypertable_name)::regclass = 'events'::regclass`,
    [days],
  );
  return rows[0]?.same === true;
}

/**
 * A trigger on each deleted row in place of the one on the statement, whose transition table
 * TimescaleDB doesn't have where it deletes compressed events: it compresses no table with such a
 * trigger (tsl/src/compression/create.c in its source, `DELETE triggers with transition tables not
 * supported`).
 *
 * @param client in a transaction
 */
export async function deleteRowByRow(client: ClientBase): Promise<void> {
  await client.query('DROP TRIGGER events_delete_rollups ON events');
  await client.query(
    `CREATE TRIGGER events_delete_rollups AFTER DELETE ON events
     FOR EACH ROW WHEN (OLD.name_id > 0) EXECUTE FUNCTION roll_up_deleted_row()`,
  );
}

const DECOMPRESSION_LIMIT = 'timescaledb.max_tuples_decompressed_per_dml_transaction';

/**
 * For a transaction that deletes: it may have to look through more compressed events than TimescaleDB
 * lets it by default. Elsewhere it does nothing.
 */
export async function liftDecompressionLimit(client: ClientBase): Promise<void> {
  await client.query(`SELECT set_config(name, '0', true) FROM pg_settings WHERE name = $1`, [
    DECOMPRESSION_LIMIT,
  ]);
}
