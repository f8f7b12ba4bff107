import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Configuration } from '../configuration.js';
import { createApp } from '../create-app.js';
import { openDatabase } from '../database/open-database.js';
import { takeDatabase, type DatabaseOptions } from '../database/serving-database.js';
import { readStorage } from '../database/storage.js';
import { explainListenError } from './listen-error.js';
import { startMessage } from './start-message.js';

/** How long a stop waits for requests that are under way. */
const DRAIN_MS = 10_000;
const IDLE_POLL_MS = 20;

/** A server that takes requests. */
export interface RunningServer {
  /**
   * Takes no new requests, finishes those under way (10 seconds at most), writes what waits in
   * memory, and ends the embedded database.
   */
  stop(): Promise<void>;
}

/**
 * Database, migrations, HTTP, in this order. What was begun is ended again when a later step fails.
 *
 * @param options `signal` ends a start that still waits for the database
 * @throws EmbeddedPostgresError, DatabaseError, ListenError with messages for people
 */
export async function startServer(
  configuration: Configuration,
  options: DatabaseOptions & { signal: AbortSignal },
): Promise<RunningServer> {
  const { log, signal } = options;
  const database = await takeDatabase(configuration, options);
  try {
    const dataSource = await openDatabase(database.url, log, signal);
    const storage = await readStorage(dataSource);
    const app = await createApp(dataSource);
    await listen(app, configuration);
    const { port } = serverOf(app).address() as AddressInfo;
    log(startMessage(configuration, port, storage));
    return { stop: () => stop(app, () => database.close()) };
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function listen(app: NestExpressApplication, { host, port }: Configuration): Promise<void> {
  const server = serverOf(app);
  try {
    await app.init();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(port, host, resolve);
    });
  } catch (error) {
    await app.close();
    throw explainListenError(error, host, port);
  }
}

async function stop(app: NestExpressApplication, close: () => Promise<void>): Promise<void> {
  try {
    await drain(serverOf(app));
    await app.close();
  } finally {
    await close();
  }
}

/** Before the application's own end: what a last request leaves in memory is still written. */
async function drain(server: Server): Promise<void> {
  // A client that keeps its connection would otherwise go on sending requests by it.
  server.prependListener('request', (_request, response: ServerResponse) => {
    response.setHeader('Connection', 'close');
  });
  const ended = new Promise((resolve) => server.close(resolve));
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_POLL_MS);
  const impatience = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  await ended;
  clearInterval(idle);
  clearTimeout(impatience);
}

function serverOf(app: NestExpressApplication): Server {
  return app.getHttpServer();
}
