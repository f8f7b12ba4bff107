import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { isUnavailable } from '../common/database-errors.js';
import { dataSourceOptions } from './data-source-options.js';

/** How long a start waits for a database that is starting itself. */
const PATIENCE_MS = 30_000;
const RETRY_INTERVAL_MS = 500;
/** Any number, the same in every server: it names the lock that migrations hold. */
const MIGRATION_LOCK = 7_301_662_941;

/** The database can't be used; the message is for the person who starts the server. */
export class DatabaseError extends Error {
  override name = 'DatabaseError';
}

/** Where in a database, and by which of the settings. */
export interface DatabasePlace {
  /** What the settings call its URL; `DATABASE_URL` without it. */
  name?: string;
  /** Of its tables; created where it's missing. */
  schema?: string | undefined;
}

/**
 * Connects and brings the schema up to date. Any number of servers may start at once.
 *
 * @param url a PostgreSQL connection URL; never shown
 * @param log takes lines for the person who waits
 * @param signal ends the waiting, with an AbortError
 * @param place in the database, and what to call it in messages
 * @throws DatabaseError when nothing answers within 30 seconds, or the access is refused
 */
export async function openDatabase(
  url: string,
  log: (line: string) => void,
  signal?: AbortSignal,
  { name = 'DATABASE_URL', schema }: DatabasePlace = {},
): Promise<DataSource> {
  const connecting = new DataSource(dataSourceOptions(url, schema));
  const dataSource = await connect(connecting, name, log, signal);
  try {
    await migrate(dataSource, schema);
    return dataSource;
  } catch (error) {
    await dataSource.destroy();
    throw error;
  }
}

async function connect(
  dataSource: DataSource,
  name: string,
  log: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<DataSource> {
  const deadline = performance.now() + PATIENCE_MS;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await dataSource.initialize();
    } catch (error) {
      if (!isUnavailable(error)) {
        throw new DatabaseError(`The database refuses the connection: ${messageOf(error)}`);
      }
      if (performance.now() > deadline) {
        throw new DatabaseError(
          `No database answered at ${name} within ${PATIENCE_MS / 1000} s: ${messageOf(error)}`,
        );
      }
      if (attempt === 1) log('Waiting for the database …');
      await sleep(RETRY_INTERVAL_MS, undefined, signal && { signal });
    }
  }
}

async function migrate(dataSource: DataSource, schema: string | undefined): Promise<void> {
  const runner = dataSource.createQueryRunner();
  try {
    // Another server may be migrating for longer than a statement usually takes.
    await runner.query('SET statement_timeout = 0');
    await runner.query(`SELECT pg_advisory_lock(${MIGRATION_LOCK})`);
    if (schema !== undefined) await runner.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
    await dataSource.runMigrations({ transaction: 'each' });
    await runner.query(`SELECT pg_advisory_unlock(${MIGRATION_LOCK})`);
    await runner.query('RESET statement_timeout');
  } finally {
    await runner.release();
  }
}

/** Node reports each address it tried in an error of several. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join(', ');
  return error instanceof Error ? error.message : String(error);
}
