import type { QueryRunner } from 'typeorm';

interface Hypertable {
  table: string;
  /** The column of type timestamptz that chunks are cut by. */
  column: string;
  /** A PostgreSQL interval: the time range of one chunk. */
  interval: string;
}

/**
 * Turns an empty table into a hypertable where the server can do it, and leaves it a plain table
 * where it can't: extension absent, not preloaded, or not permitted to this role.
 */
export async function createHypertable(runner: QueryRunner, options: Hypertable): Promise<void> {
  if (!(await enableTimescaledb(runner))) return;
  const [extension] = (await runner.query(
    `SELECT quote_ident(nspname) AS schema FROM pg_extension
     JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'timescaledb'`,
  )) as { schema: string }[];
  await runner.query(
    `SELECT ${extension!.schema}.create_hypertable($1::regclass, $2::name,
       chunk_time_interval => $3::interval, create_default_indexes => false)`,
    [options.table, options.column, options.interval],
  );
}

async function enableTimescaledb(runner: QueryRunner): Promise<boolean> {
  const [server] = (await runner.query(
    `SELECT installed_version IS NOT NULL AS installed,
            current_setting('timescaledb.disable_load', true) IS NOT NULL AS preloaded
     FROM pg_available_extensions WHERE name = 'timescaledb'`,
  )) as { installed: boolean; preloaded: boolean }[];
  if (!server) return false;
  // Creating the extension on a server that hasn't preloaded it ends the connection.
  if (server.installed || !server.preloaded) return server.installed;
  // Not beside our tables, where these lie in a schema of their own: others may need it, too.
  const [place] = (await runner.query(
    `SELECT CASE WHEN to_regnamespace('public') IS NULL THEN '' ELSE 'SCHEMA public' END AS schema`,
  )) as { schema: string }[];
  return await permitted(runner, `CREATE EXTENSION IF NOT EXISTS timescaledb ${place!.schema}`);
}

/** False where the role lacks the right; any other failure is thrown. */
async function permitted(runner: QueryRunner, statement: string): Promise<boolean> {
  await runner.query('SAVEPOINT before_extension');
  try {
    await runner.query(statement);
    return true;
  } catch (error) {
    const INSUFFICIENT_PRIVILEGE = '42501';
    if ((error as { code?: string }).code !== INSUFFICIENT_PRIVILEGE) throw error;
    await runner.query('ROLLBACK TO SAVEPOINT before_extension');
    return false;
  }
}
