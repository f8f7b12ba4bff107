import { Client, type ClientConfig } from 'pg';
import type { PostgresDataSourceOptions } from 'typeorm/driver/postgres/PostgresDataSourceOptions.js';
import { migrations } from '../../migrations/index.js';
import { EventName } from '../analytics/event-name.entity.js';
import { Event } from '../analytics/event.entity.js';
import { User } from '../analytics/user.entity.js';
import { RejectionCount } from '../ingest/rejection-count.entity.js';
import { Rejection } from '../ingest/rejection.entity.js';
import { Source } from '../ingest/source.entity.js';
import { Group } from '../identity/group.entity.js';
import { Membership } from '../identity/membership.entity.js';
import { MergeRefusal } from '../identity/merge-refusal.entity.js';
import { Merge } from '../identity/merge.entity.js';
import { isSchemaName, SCHEMA_NAMES } from './schema-name.js';

/** Connections of one process to the database. */
export const POOL_SIZE = 10;
/** Without it an overloaded pool, or a database that doesn't answer, holds a request for ever. */
const CONNECTION_TIMEOUT_MS = 5_000;
/** A connection on which nothing comes for so long is asked whether its other side lives. */
const KEEP_ALIVE_MS = 10_000;
/** A statement on the way in or out that takes longer is given up. */
const STATEMENT_TIMEOUT_MS = 30_000;

/**
 * A connection that is lost while no statement runs says so by an event, and an error that nobody
 * hears ends the process. The pool listens only to connections that it holds, and who borrows one
 * can't begin to in the same instant. The next statement fails all the same.
 */
class HeardClient extends Client {
  constructor(config?: string | ClientConfig) {
    super(config);
    this.on('error', () => {});
  }
}

/** Of every user, source, name and event, and of what was rejected. */
export const entities = [
  User,
  Merge,
  MergeRefusal,
  Group,
  Membership,
  EventName,
  Source,
  Event,
  Rejection,
  RejectionCount,
];

/**
 * How the server reaches its database.
 *
 * @param url a PostgreSQL connection URL
 * @param schema in which its tables lie, which has to exist; the connection's default without it
 * @throws TypeError for what can be no schema's name
 */
export function dataSourceOptions(url: string, schema?: string): PostgresDataSourceOptions {
  if (schema !== undefined && !isSchemaName(schema)) {
    throw new TypeError(`schema must be ${SCHEMA_NAMES}`);
  }
  return {
    type: 'postgres',
    url,
    entities,
    migrations,
    migrationsTableName: 'analytics_migrations',
    applicationName: 'user-analytics',
    poolSize: POOL_SIZE,
    connectTimeoutMS: CONNECTION_TIMEOUT_MS,
    ...(schema !== undefined && { schema }),
    extra: {
      // So that the end of a peer that says nothing any more is found out.
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
      Client: HeardClient,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      // A start that failed elsewhere in the process leaves connections that nobody closes.
      allowExitOnIdle: true,
      // An acknowledged event is stored, whatever the server's default.
      options: `-c synchronous_commit=on${schema === undefined ? '' : ` -c search_path=${schema}`}`,
    },
  };
}
