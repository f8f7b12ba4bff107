import ipaddr from 'ipaddr.js';
import type { Configuration } from '../configuration.js';
import type { Storage } from '../database/storage.js';

/** Addresses that stand for all of the machine's own. */
const ANY_ADDRESS = ['0.0.0.0', '::'];

/** Where a person on this machine reaches the server. */
export function baseUrl(host: string, port: number): string {
  const name = ANY_ADDRESS.includes(host) ? 'localhost' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}

/**
 * What a start says last: where things are, what the events lie on, and how to get better.
 *
 * @param port the one that is listened on
 */
export function startMessage(
  { host, workers, databaseUrl, dataDir, access }: Configuration,
  port: number,
  storage: Storage,
): string {
  const url = baseUrl(host, port);
  const where = databaseUrl === undefined ? `in ${dataDir}` : 'at DATABASE_URL';
  return [
    '',
    'User Analytics is ready.',
    '',
    `  Dashboard  ${url}/dashboard`,
    `  API        ${url}/analytics`,
    `  Explorer   ${url}/docs`,
    `  Storage    ${storageName(storage)}, ${where}`,
    ...(isLocal(host) ? [] : [ACCESS[access]]),
    ...(workers > 1 ? [`  Workers    ${workers} processes, on one port`] : []),
    ...better(storage, databaseUrl === undefined),
    `  Try        curl -X POST '${url}/analytics?user=3&event=click'`,
    `             curl "${url}/analytics?timestamp=$(date +%s)"`,
    '',
    ...warnings(storage),
    'Ctrl-C stops it.',
    '',
  ].join('\n');
}

const ACCESS: Record<Configuration['access'], string> = {
  keys: '  Access     by keys (npm run keys); while none was made, from this machine alone',
  open: '  Access     open: whoever reaches the port may read and change everything',
};

function isLocal(host: string): boolean {
  return (
    host === 'localhost' || (ipaddr.isValid(host) && ipaddr.process(host).range() === 'loopback')
  );
}

function storageName({ timescaledb, postgresql }: Storage): string {
  return timescaledb === undefined
    ? `PostgreSQL ${postgresql}, events in a plain table`
    : `TimescaleDB ${timescaledb} on PostgreSQL ${postgresql}, events in a hypertable`;
}

function better({ timescaledb }: Storage, embedded: boolean): string[] {
  if (timescaledb !== undefined) return [];
  return embedded
    ? [
        '             For a hypertable, on Debian or Ubuntu: npm run timescaledb',
        '             then start on a new data directory: DATA_DIR=./data-timescaledb npm start',
      ]
    : [
        '             For a hypertable: DATABASE_URL of a new database on a server with TimescaleDB',
      ];
}

function warnings({ durable }: Storage): string[] {
  return durable
    ? []
    : [
        'Warning: this PostgreSQL runs without fsync or full_page_writes. A crash of its machine',
        'can lose events that were acknowledged.',
        '',
      ];
}
