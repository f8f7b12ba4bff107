import { randomBytes } from 'node:crypto';
import { DataSource } from 'typeorm';
import { openDatabase } from '../../src/database/open-database.js';

/** Set by the jest project: which server the suite runs on. */
declare const storage: 'plain' | 'timescaledb';

/** Whether events must lie in a hypertable. */
export const onTimescaledb = storage === 'timescaledb';

/** A database of its own, built by the migrations. */
export interface TestDatabase {
  url: string;
  dataSource: DataSource;
  /** Closes the data source and removes the database. */
  drop(): Promise<void>;
}

/** `npm test` starts the servers and says where they are. */
export function serverUrl(): string {
  const variable = onTimescaledb ? 'TEST_DATABASE_URL_TIMESCALEDB' : 'TEST_DATABASE_URL_PLAIN';
  const url = process.env[variable];
  if (url === undefined) throw new Error(`${variable} is not set: run npm test`);
  return url;
}

/** @returns the URL of a new, empty database */
export async function createEmptyDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await administer(`CREATE DATABASE ${name} TEMPLATE template0`);
  const url = new URL(serverUrl());
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: () => administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

export async function createDatabase(): Promise<TestDatabase> {
  const database = await createEmptyDatabase();
  const dataSource = await openDatabase(database.url, () => {});
  return {
    url: database.url,
    dataSource,
    drop: async () => {
      if (dataSource.isInitialized) await dataSource.destroy();
      await database.drop();
    },
  };
}

/** Runs one statement outside the tests' databases. */
export async function administer(statement: string): Promise<void> {
  const server = await new DataSource({ type: 'postgres', url: serverUrl() }).initialize();
  try {
    await server.query(statement);
  } finally {
    await server.destroy();
  }
}

/** Connections to the database are ended, and refused from then on. */
export async function takeDatabaseAway(url: string): Promise<void> {
  const name = new URL(url).pathname.slice(1);
  await administer(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
  await administer(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`,
  );
}

export async function bringDatabaseBack(url: string): Promise<void> {
  await administer(`ALTER DATABASE ${new URL(url).pathname.slice(1)} ALLOW_CONNECTIONS true`);
}
