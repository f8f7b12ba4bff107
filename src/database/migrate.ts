import { MigrationExecutor, type DataSource, type QueryRunner } from 'typeorm';
import { DatabaseError } from './database-error.js';

/** Any number, the same in every server: it names the lock that migrations hold. */
const MIGRATION_LOCK = 7_301_662_941;

/** By which servers and the commands beside them are known to the database. */
const OTHERS = `
  SELECT count(*)::int AS count FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND application_name IN ('user-analytics', 'user-analytics-rollups')
    AND wait_event IS DISTINCT FROM 'advisory'`;

/**
 * Brings the schema up to date, each migration in a transaction of its own. Servers that start at once
 * do so one after the other: the later ones find nothing left to do.
 *
 * @param schema of the tables, created where it's missing
 * @param log is told where others are at work on what changes: it can't be known how old they are
 * @throws DatabaseError where a newer version has been at the database, of which nothing is changed
 */
export async function migrate(
  dataSource: DataSource,
  log: (line: string) => void,
  schema?: string,
): Promise<void> {
  const runner = dataSource.createQueryRunner();
  try {
    // Another server may be migrating, and a migration that reads all events takes its time.
    await runner.query('SET statement_timeout = 0');
    await runner.query(`SELECT pg_advisory_lock(${MIGRATION_LOCK})`);
    if (schema !== undefined) await createSchema(runner, schema);
    await runPending(dataSource, runner, log);
    await runner.query(`SELECT pg_advisory_unlock(${MIGRATION_LOCK})`);
    await runner.query('RESET statement_timeout');
  } finally {
    await runner.release();
  }
}

/** Who may not create any works in one that is there. */
async function createSchema(runner: QueryRunner, schema: string): Promise<void> {
  const [found] = (await runner.query('SELECT FROM pg_namespace WHERE nspname = $1', [
    schema,
  ])) as object[];
  if (found) return;
  try {
    await runner.query(`CREATE SCHEMA "${schema}"`);
  } catch (error) {
    throw new DatabaseError(
      `There is no schema ${schema}, and it can't be created (${(error as Error).message}): create it, ` +
        'for the role that the server connects as.',
    );
  }
}

/** On the connection that holds the lock, so that neither lasts longer than the other. */
async function runPending(
  dataSource: DataSource,
  runner: QueryRunner,
  log: (line: string) => void,
): Promise<void> {
  const executor = new MigrationExecutor(dataSource, runner);
  executor.transaction = 'each';
  const known = new Set(dataSource.migrations.map(({ name }) => name));
  const executed = await executor.getExecutedMigrations();
  const unknown = executed.map(({ name }) => name).filter((name) => !known.has(name));
  if (unknown.length > 0) throw newerSchema(unknown);
  if (executed.length > 0 && executed.length < known.size) await warnOfOthers(runner, log);
  await executor.executePendingMigrations();
}

/** An older server goes on after the change, by rules that no longer hold. */
async function warnOfOthers(runner: QueryRunner, log: (line: string) => void): Promise<void> {
  const [others] = (await runner.query(OTHERS)) as { count: number }[];
  if (others!.count === 0) return;
  log(
    'Warning: other programs use this database while its schema is brought up to date. Servers of an ' +
      'older version must be stopped: see docs/upgrading.md.',
  );
}

function newerSchema(unknown: readonly string[]): DatabaseError {
  return new DatabaseError(
    `The database was brought up to date by a newer version of this program, by ${unknown.join(', ')}, ` +
      'which this version does not know. Nothing was changed. Start that version or a newer one; or ' +
      'restore a backup from before the upgrade.',
  );
}
