import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** What the environment says. Read once, at start. */
export interface Configuration {
  /** The address to listen on. */
  host: string;
  /** 0 takes any free port. */
  port: number;
  /** How many processes answer requests, 1 to 64. With 1 it's this one. */
  workers: number;
  /** Absolute path: the embedded database and its log, and the spool. */
  dataDir: string;
  /** What events may take on disk while the database is away, of all processes together. */
  spoolMaxBytes: number;
  /** What one stream of events may bring, decompressed; without it any number. */
  streamMaxBytes: number | undefined;
  /** What one query may take. */
  query: QueryConfiguration;
  /** A PostgreSQL connection URL; without it an embedded server is started. */
  databaseUrl: string | undefined;
  /** Where an import sends its events; without it the local port, or the database itself. */
  analyticsUrl: string | undefined;
}

/** Only what is set: where the limits are used, they have defaults. */
export interface QueryConfiguration {
  maxRawRows?: number;
  maxBuckets?: number;
  maxResultRows?: number;
  timeoutMs?: number;
}

/** More than one machine's cores make use of. */
const MAX_WORKERS = 64;

const MB = 1024 * 1024;
/** A terabyte. */
const MAX_MB = 1024 * 1024;
const DEFAULT_SPOOL_MB = 1024;

const MAX_ROWS = 1_000_000_000;
const MAX_TIMEOUT_S = 3_600;

type Environment = Record<string, string | undefined>;

/** Names the variable and what it accepts, never its value. */
export class ConfigurationError extends Error {
  override name = 'ConfigurationError';

  constructor(variable: string, accepted: string) {
    super(`${variable} must be ${accepted}`);
  }
}

/** @throws ConfigurationError for the first variable that can't be used */
export function readConfiguration(env: Environment): Configuration {
  return {
    host: readHost(env),
    port: readPort(env),
    workers: readWorkers(env),
    dataDir: readDataDir(env),
    spoolMaxBytes: (readMegabytes(env, 'SPOOL_MAX_MB') ?? DEFAULT_SPOOL_MB) * MB,
    streamMaxBytes: times(readMegabytes(env, 'STREAM_MAX_MB'), MB),
    query: readQuery(env),
    databaseUrl: readUrl(env, 'DATABASE_URL', ['postgres:', 'postgresql:']),
    analyticsUrl: readAnalyticsUrl(env),
  };
}

/** For tools beside the server: its configured database, or the embedded one while that runs. */
export function readDatabaseUrl(env: Environment): string {
  const url = findDatabaseUrl(readConfiguration(env));
  if (url !== undefined) return url;
  throw new ConfigurationError(
    'DATABASE_URL',
    'set, or DATA_DIR must be that of a server whose embedded database runs (npm start)',
  );
}

/** The same; undefined where the embedded one doesn't run. */
export function findDatabaseUrl({ databaseUrl, dataDir }: Configuration): string | undefined {
  if (databaseUrl !== undefined) return databaseUrl;
  try {
    return readFileSync(join(dataDir, 'database-url'), 'utf8').trim();
  } catch {
    return undefined;
  }
}

function value(env: Environment, variable: string): string | undefined {
  const text = env[variable]?.trim();
  return text === '' ? undefined : text;
}

function readHost(env: Environment): string {
  const host = value(env, 'HOST') ?? '127.0.0.1';
  if (/[\s/]/.test(host)) throw new ConfigurationError('HOST', 'an address or a host name');
  return host;
}

function readPort(env: Environment): number {
  const text = value(env, 'PORT') ?? '8080';
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) {
    throw new ConfigurationError('PORT', 'a number from 0 (any free port) to 65535');
  }
  return port;
}

function readWorkers(env: Environment): number {
  const text = value(env, 'WEB_CONCURRENCY') ?? '1';
  const workers = Number(text);
  if (!/^\d{1,2}$/.test(text) || workers < 1 || workers > MAX_WORKERS) {
    throw new ConfigurationError(
      'WEB_CONCURRENCY',
      `a number of processes from 1 to ${MAX_WORKERS}, such as that of the machine's cores`,
    );
  }
  return workers;
}

function readQuery(env: Environment): QueryConfiguration {
  const limits = {
    maxRawRows: readWhole(env, 'QUERY_MAX_RAW_ROWS', 'raw events', MAX_ROWS),
    maxBuckets: readWhole(env, 'QUERY_MAX_BUCKETS', 'rows of rollups', MAX_ROWS),
    maxResultRows: readWhole(env, 'QUERY_MAX_RESULT_ROWS', 'rows', MAX_ROWS),
    timeoutMs: times(readWhole(env, 'QUERY_TIMEOUT_S', 'seconds', MAX_TIMEOUT_S), 1_000),
  };
  return Object.fromEntries(Object.entries(limits).filter(([, limit]) => limit !== undefined));
}

/** @param what it's a number of */
function readWhole(
  env: Environment,
  variable: string,
  what: string,
  max: number,
): number | undefined {
  const text = value(env, variable);
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!/^\d{1,10}$/.test(text) || number < 1 || number > max) {
    throw new ConfigurationError(variable, `a number of ${what} from 1 to ${max}`);
  }
  return number;
}

function readMegabytes(env: Environment, variable: string): number | undefined {
  return readWhole(env, variable, 'megabytes', MAX_MB);
}

function times(number: number | undefined, factor: number): number | undefined {
  return number === undefined ? undefined : number * factor;
}

function readDataDir(env: Environment): string {
  const path = value(env, 'DATA_DIR') ?? './data';
  if (path.includes('\0')) throw new ConfigurationError('DATA_DIR', 'the path of a folder');
  return resolve(path);
}

function readUrl(env: Environment, variable: string, protocols: string[]): string | undefined {
  const text = value(env, variable);
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !protocols.includes(url.protocol)) {
    const accepted = protocols.map((protocol) => `${protocol}//`).join(' or ');
    throw new ConfigurationError(variable, `a URL that begins with ${accepted}`);
  }
  return text;
}

function readAnalyticsUrl(env: Environment): string | undefined {
  const text = readUrl(env, 'ANALYTICS_URL', ['http:', 'https:']);
  if (text !== undefined && new URL(text).username !== '') {
    throw new ConfigurationError('ANALYTICS_URL', 'a URL without user name and password');
  }
  return text;
}
