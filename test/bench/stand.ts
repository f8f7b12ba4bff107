import { join } from 'node:path';
import type { Cleanup } from './cleanup.js';
import type { Numbers } from './copy-rows.js';
import { EventsDatabase } from './events-database.js';
import type { Storage } from './options.js';
import {
  startDatabase,
  startReference,
  startSubject,
  type DatabaseServer,
  type HttpServer,
} from './servers.js';

/** All that runs while one storage is measured. */
export interface Stand {
  storage: Storage;
  database: DatabaseServer;
  /** The built server. */
  subject: HttpServer;
  /** Stores nothing. */
  noop: HttpServer;
  /** Inserts one row a request. */
  orm: HttpServer;
  tables: EventsDatabase;
  numbers: Numbers;
}

/**
 * Starts all of it; users and names are there.
 *
 * @returns undefined where this machine doesn't have the storage
 */
export async function setUpStand(
  folder: string,
  storage: Storage,
  cleanup: Cleanup,
): Promise<Stand | undefined> {
  const database = await startDatabase(join(folder, storage), storage, cleanup);
  if (storage === 'timescaledb' && !database.timescaledb) return undefined;
  const dataDir = join(folder, `${storage}-server`);
  // The subject first: it makes the tables.
  const subject = await startSubject(database.url, dataDir, cleanup);
  const noop = await startReference('noop-server', database.url, dataDir, cleanup);
  const orm = await startReference('orm-server', database.url, dataDir, cleanup);
  const opening = EventsDatabase.open(database.url);
  const tables = await cleanup.start(opening, (opened) => opened.close());
  const numbers = await tables.createUsersAndNames();
  return { storage, database, subject, noop, orm, tables, numbers };
}
