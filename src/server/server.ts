import type { Configuration } from '../configuration.js';
import { openDatabase } from '../database/open-database.js';
import { takeDatabase, type DatabaseOptions } from '../database/serving-database.js';
import { readStorage } from '../database/storage.js';
import { serveHttp } from './http-service.js';
import { startMessage } from './start-message.js';

/** A server that takes requests. */
export interface RunningServer {
  /**
   * Takes no new requests, finishes those under way (10 seconds at most), writes what waits in
   * memory, and ends the embedded database.
   */
  stop(): Promise<void>;
}

/** What a start needs beside its configuration; `signal` ends one that still waits. */
export type ServerOptions = DatabaseOptions & { signal: AbortSignal };

/**
 * Database, migrations, HTTP, in this order. What was begun is ended again when a later step fails.
 *
 * @throws EmbeddedPostgresError, DatabaseError, ListenError with messages for people
 */
export async function startServer(
  configuration: Configuration,
  options: ServerOptions,
): Promise<RunningServer> {
  const { log, signal } = options;
  const database = await takeDatabase(configuration, options);
  try {
    const dataSource = await openDatabase(database.url, log, signal, {
      schema: configuration.databaseSchema,
    });
    const storage = await readStorage(dataSource);
    const service = await serveHttp(dataSource, configuration);
    log(startMessage(configuration, service.port, storage));
    return { stop: () => service.stop().finally(() => database.close()) };
  } catch (error) {
    await database.close();
    throw error;
  }
}
