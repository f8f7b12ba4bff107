import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { isUnavailable } from '../common/database-errors.js';
import { dataSourceOptions } from './data-source-options.js';
import { DatabaseError } from './database-error.js';
import { migrate } from './migrate.js';
import { refuseUnfinishedRestore } from './unfinished-restore.js';

/** How long a start waits for a database that is starting itself. */
const PATIENCE_MS = 30_000;
const RETRY_INTERVAL_MS = 500;

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
 * @throws DatabaseError when nothing answers within 30 seconds, the access is refused, a
 *   restore isn't finished, or a newer version has changed the schema
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
    await refuseUnfinishedRestore(dataSource);
    await migrate(dataSource, log, schema);
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

/** Node reports each address it tried in an error of several. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join(', ');
  return error instanceof Error ? error.message : String(error);
}
