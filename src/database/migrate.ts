import { MigrationExecutor, type DataSource, type QueryRunner } from 'typeorm';
import { DatabaseError } from './database-error.js';

/** Any number, the same in every server: it names the lock that migrations hold. */
const MIGRATION_LOCK = 7_301_662_941;

/**
 * Brings the schema up to date, each migration in a transaction of its own. Servers that start at once
 * do so one after the other: the later ones find nothing left to do.
 *
 * @throws DatabaseError where a newer version has been at the database, of which nothing is changed
 */
export async function migrate(dataSource: DataSource): Promise<void> {
  const runner = dataSource.createQueryRunner();
  try {
    // Another server may be migrating, and a migration that reads all events takes its time.
    await runner.query('SET statement_timeout = 0');
    await runner.query(`SELECT pg_advisory_lock(${MIGRATION_LOCK})`);
    await runPending(dataSource, runner);
    await runner.query(`SELECT pg_advisory_unlock(${MIGRATION_LOCK})`);
    await runner.query('RESET statement_timeout');
  } finally {
    await runner.release();
  }
}

/** On the connection that holds the lock, so that neither lasts longer than the other. */
async function runPending(dataSource: DataSource, runner: QueryRunner): Promise<void> {
  const executor = new MigrationExecutor(dataSource, runner);
  executor.transaction = 'each';
  const known = new Set(dataSource.migrations.map(({ name }) => name));
  const executed = await executor.getExecutedMigrations();
  const unknown = executed.map(({ name }) => name).filter((name) => !known.has(name));
  if (unknown.length > 0) throw newerSchema(unknown);
  await executor.executePendingMigrations();
}

function newerSchema(unknown: readonly string[]): DatabaseError {
  return new DatabaseError(
    `The database was brought up to date by a newer version of this program, by ${unknown.join(', ')}, ` +
      'which this version does not know. Nothing was changed. Start that version or a newer one; or ' +
      'restore a backup from before the upgrade.',
  );
}
