import { createServer, type AddressInfo } from 'node:net';
import type { DataSource } from 'typeorm';
import type { Configuration } from '../configuration.js';
import { POOL_SIZE } from '../database/data-source-options.js';
import { QUERY_CONNECTIONS } from '../query/query-threads.js';
import { openDatabase } from '../database/open-database.js';
import { takeDatabase } from '../database/serving-database.js';
import { readStorage, type Storage } from '../database/storage.js';
import { Crew } from './crew.js';
import { explainListenError } from './listen-error.js';
import type { RunningServer, ServerOptions } from './server.js';
import { startMessage } from './start-message.js';

/**
 * The same server as a process that holds the database, and workers that answer requests.
 *
 * @throws EmbeddedPostgresError, DatabaseError, ListenError, WorkerError with messages for people
 */
export async function startSupervisor(
  configuration: Configuration,
  options: ServerOptions,
): Promise<RunningServer> {
  const { log, signal } = options;
  const database = await takeDatabase(configuration, options);
  try {
    const storage = await prepareDatabase(database.url, configuration, options);
    const port = await findPort(configuration);
    const task = { configuration: { ...configuration, port }, databaseUrl: database.url };
    const crew = new Crew(configuration.workers, task, log);
    await startCrew(crew, signal);
    log(startMessage(configuration, port, storage));
    return { stop: () => crew.stop().finally(() => database.close()) };
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** Before the workers: they find the schema as they need it. */
async function prepareDatabase(
  url: string,
  { workers, databaseSchema: schema }: Configuration,
  { log, signal }: ServerOptions,
): Promise<Storage> {
  const dataSource = await openDatabase(url, log, signal, { schema });
  try {
    await warnOfConnections(dataSource, workers, log);
    return await readStorage(dataSource);
  } finally {
    await dataSource.destroy();
  }
}

/** Of the pool, of the threads that answer queries, of the one that folds, and of the live feed. */
const CONNECTIONS = POOL_SIZE + QUERY_CONNECTIONS + 2;

/** Under load each worker takes all connections of its pool; one that gets none answers 503. */
async function warnOfConnections(
  dataSource: DataSource,
  workers: number,
  log: (line: string) => void,
): Promise<void> {
  const [server] = await dataSource.query<{ available: number }[]>(
    `SELECT current_setting('max_connections')::int
       - current_setting('superuser_reserved_connections')::int AS available`,
  );
  const needed = workers * CONNECTIONS;
  if (needed <= server!.available) return;
  log(
    `Warning: ${workers} workers may need ${needed} connections to the database, which has ` +
      `${server!.available}. Set WEB_CONCURRENCY to ${Math.floor(server!.available / CONNECTIONS)} or ` +
      "less, or raise the database's max_connections.",
  );
}

/**
 * The port that all workers listen on. For 0 that has to be known before: the second worker, and
 * one that takes the place of another, must not get a port of its own. An address that can't be
 * used is found out here too, at once and once.
 */
async function findPort({ host, port }: Configuration): Promise<number> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(port, host, resolve);
    });
  } catch (error) {
    throw explainListenError(error, host, port);
  }
  const found = (server.address() as AddressInfo).port;
  await new Promise((resolve) => server.close(resolve));
  return found;
}

async function startCrew(crew: Crew, signal: AbortSignal): Promise<void> {
  const stop = (): void => void crew.stop();
  signal.addEventListener('abort', stop);
  try {
    signal.throwIfAborted();
    await crew.start();
  } catch (error) {
    await crew.stop();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
