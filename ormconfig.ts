import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { readDatabaseUrl } from './src/configuration.js';
import { dataSourceOptions } from './src/database/data-source-options.js';

/** The one DataSource, for the TypeORM command line; the server makes its own from the same options. */
export default new DataSource(dataSourceOptions(readDatabaseUrl(process.env)));
