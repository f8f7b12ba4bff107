import type { Configuration } from '../configuration.js';
import { startEmbeddedPostgres } from './embedded/embedded-postgres.js';

/** The database to work on, for as long as this process needs it. */
export interface ServingDatabase {
  /** A PostgreSQL connection URL; never shown. */
  url: string;
  /** Ends what was started for it. */
  close(): Promise<void>;
}

/** What an embedded server needs. */
export interface DatabaseOptions {
  projectRoot: string;
  /** Takes lines for the person who waits. */
  log: (line: string) => void;
  /** The embedded server ended and can't be brought back. */
  onLost: (error: Error) => void;
}

/**
 * The configured database, or an embedded server in the data directory.
 *
 * @throws EmbeddedPostgresError when that can't be started
 */
export async function takeDatabase(
  { databaseUrl, dataDir }: Configuration,
  options: DatabaseOptions,
): Promise<ServingDatabase> {
  if (databaseUrl !== undefined) return { url: databaseUrl, close: async () => {} };
  const embedded = await startEmbeddedPostgres({ dataDir, ...options });
  return { url: embedded.url, close: () => embedded.stop() };
}
