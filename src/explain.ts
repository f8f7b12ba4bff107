import { ConfigurationError } from './environment.js';
import { DatabaseError } from './database/database-error.js';
import { EmbeddedPostgresError } from './database/embedded/embedded-postgres.js';
import { SpoolFolderError } from './ingest/spool/spool.js';
import { ListenError } from './server/listen-error.js';
import { WorkerError } from './server/worker-process.js';

/** Errors whose message says all that the person who starts the program needs. */
const EXPLAINED = [
  ConfigurationError,
  DatabaseError,
  EmbeddedPostgresError,
  ListenError,
  SpoolFolderError,
  WorkerError,
];

/** What to tell the person who started the program. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const known = EXPLAINED.some((type) => error instanceof type);
  return known ? error.message : (error.stack ?? error.message);
}
