import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { readConfiguration, readDatabaseUrl } from './src/configuration.js';
import { dataSourceOptions } from './src/database/data-source-options.js';

const options = dataSourceOptions(
  readDatabaseUrl(process.env),
  readConfiguration(process.env).databaseSchema,
);

/**
 * The one DataSource, for the TypeORM command line; the server makes its own from the same options. A
 * migration that reads all events takes longer than a statement of the server may.
 */
export default new DataSource({
  ...options,
  extra: { ...options.extra, statement_timeout: 0 },
});
