import { existsSync } from 'node:fs';
import { Client } from 'pg';
import { findDatabaseUrl, type Configuration } from './configuration.js';
import { openDataDirectory } from './database/embedded/data-directory.js';
import { EmbeddedPostgresError, InUseError } from './database/embedded/embedded-postgres.js';
import { openDatabase } from './database/open-database.js';
import {
  takeDatabase,
  type DatabaseOptions,
  type ServingDatabase,
} from './database/serving-database.js';

const CONNECTION_TIMEOUT_MS = 5_000;

/** One connection to the server's database. */
export interface ToolDatabase {
  client: Client;
  close(): Promise<void>;
}

/**
 * Connects to the server's database, beside a server that runs or without one: an embedded database
 * that doesn't run is started, and ended afterwards.
 *
 * @throws EmbeddedPostgresError, DatabaseError with messages for people
 */
export async function openToolDatabase(
  configuration: Configuration,
  options: DatabaseOptions & { signal: AbortSignal },
): Promise<ToolDatabase> {
  const database = await findDatabase(configuration, options);
  try {
    // It waits for a database that is starting, and brings the schema up to date.
    const { databaseSchema: schema } = configuration;
    await (await openDatabase(database.url, options.log, options.signal, { schema })).destroy();
    const client = await connect(database.url, schema);
    return { client, close: () => client.end().finally(() => database.close()) };
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function findDatabase(
  configuration: Configuration,
  options: DatabaseOptions,
): Promise<ServingDatabase> {
  if (configuration.databaseUrl === undefined) {
    const running = await findRunning(configuration);
    if (running) return running;
    requireCluster(configuration.dataDir);
  }
  try {
    return await takeDatabase(configuration, options);
  } catch (error) {
    // A server may have started since.
    const running = error instanceof InUseError && (await findRunning(configuration));
    if (running) return running;
    throw error;
  }
}

/** The embedded database of a server that runs. What one that was killed has left behind may not answer. */
async function findRunning(configuration: Configuration): Promise<ServingDatabase | undefined> {
  const url = findDatabaseUrl(configuration);
  if (url === undefined) return undefined;
  try {
    await (await connect(url)).end();
    return { url, close: async () => {} };
  } catch {
    return undefined;
  }
}

/** There is nothing to do for a database that isn't there, and no reason to make one. */
function requireCluster(dataDir: string): void {
  const { path, cluster } = openDataDirectory(dataDir);
  if (existsSync(cluster)) return;
  throw new EmbeddedPostgresError(
    `${path} holds no database yet: npm start makes one. Or set DATA_DIR to the folder of another, ` +
      'or DATABASE_URL to a server.',
  );
}

async function connect(url: string, schema?: string): Promise<Client> {
  const client = new Client({
    connectionString: url,
    application_name: 'user-analytics-tools',
    connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
    keepAlive: true,
  });
  // A connection that is lost between two statements makes the next one fail.
  client.on('error', () => {});
  try {
    await client.connect();
    // A day of many events takes longer than a request may.
    await client.query('SET statement_timeout = 0; SET synchronous_commit = on');
    if (schema !== undefined)
      await client.query(`SELECT set_config('search_path', $1, false)`, [schema]);
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
}
