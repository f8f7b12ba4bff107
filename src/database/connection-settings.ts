import type { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';

/** What says where the database is, and how it's spoken to; all else of the driver's may be code. */
const SETTINGS = [
  'connectionString',
  'host',
  'port',
  'user',
  'password',
  'database',
  'ssl',
  'application_name',
  'options',
  'connectionTimeoutMillis',
  'keepAlive',
  'keepAliveInitialDelayMillis',
];

/**
 * How a data source reaches its database, in values that can be sent to a thread, whose connections
 * are its own.
 *
 * @throws TypeError where the password is got by a function
 */
export function connectionSettings(dataSource: DataSource): Record<string, unknown> {
  const { options } = (dataSource.driver as PostgresDriver).master as {
    options: Record<string, unknown>;
  };
  const settings: Record<string, unknown> = {};
  for (const name of SETTINGS) {
    const value = options[name];
    if (value === undefined) continue;
    if (typeof value === 'function') throw new TypeError(`${name} must not be a function`);
    settings[name] = value;
  }
  return settings;
}
