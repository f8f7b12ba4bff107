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

/** The built server on a database of its own. */
export interface Site {
  storage: Storage;
  database: DatabaseServer;
  /** Of the server, for what it keeps outside the database. */
  dataDir: string;
  /** The built server. */
  subject: HttpServer;
  tables: EventsDatabase;
  numbers: Numbers;
}

/** All that runs while one storage is measured. */
export interface Stand extends Site {
  /** Stores nothing. */
  noop: HttpServer;
  /** Inserts one row a request. */
  orm: HttpServer;
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
  const site = await setUpSite(folder, storage, cleanup);
  if (!site) return undefined;
  const { database, dataDir } = site;
  const noop = await startReference('noop-server', database.url, dataDir, cleanup);
  const orm = await startReference('orm-server', database.url, dataDir, cleanup);
  return { ...site, noop, orm };
}

/** The same without anything to compare with. */
export async function setUpSite(
  folder: string,
  storage: Storage,
  cleanup: Cleanup,
): Promise<Site | undefined> {
  const database = await startDatabase(join(folder, storage), storage, cleanup);
  if (storage === 'timescaledb' && !database.timescaledb) return undefined;
  const dataDir = join(folder, `${storage}-server`);
  // The server makes the tables.
  const subject = await startSubject(database.url, dataDir, cleanup);
  const opening = EventsDatabase.open(database.url);
  const tables = await cleanup.start(opening, (opened) => opened.close());
  const numbers = await tables.createUsersAndNames();
  return { storage, database, dataDir, subject, tables, numbers };
}
