import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  readAccess,
  readAnalyticsKey,
  readLimit,
  readTrustProxy,
  readWriteKeys,
} from './access-configuration.js';
import {
  ConfigurationError,
  readChoice,
  readUrl,
  readWhole,
  value,
  type Environment,
} from './environment.js';
import { isSchemaName, SCHEMA_NAMES } from './database/schema-name.js';
import type { TimestampOptions } from './ingest/event-rules.js';
import { OLDEST_ACCEPTED, parseOldest } from './ingest/oldest-timestamp.js';
import { DEFAULT_ERASURE_DAYS, MAX_ERASURE_DAYS } from './privacy/privacy.options.js';
import { findProblem, type RetentionOptions } from './retention/retention.options.js';
import { LOG_FORMATS, LOG_LEVELS, type LogOptions } from './operations/log/log-options.js';
import { isTrackerPath, TRACKER_PATH_ACCEPTED } from './tracker/tracker-path.js';

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
  /** `keys`: whoever has one, and this machine alone while none was made; `open`: everyone. */
  access: 'keys' | 'open';
  /** Requests a minute; 0 for any number, undefined for as many as usual. */
  limits: { perAddress: number | undefined; perKey: number | undefined };
  /** Which proxies are believed whom they ask for: so many in a row, or these; undefined for none. */
  trustProxy: number | string[] | undefined;
  /** Keys by which events may be sent, and the source of each; undefined where they need none. */
  writeKeys: [key: string, source: string][] | undefined;
  /** Whose tokens tell whose events are; undefined where their body does. */
  identity: IdentityConfiguration | undefined;
  /** Which times events may have; only what is set. */
  timestamps: TimestampOptions;
  /** For how many days older events of users who were erased are refused. */
  erasureDays: number;
  /** What one query may take. */
  query: QueryConfiguration;
  /** How long things are kept; undefined for ever. */
  retention: RetentionOptions | undefined;
  /** Where the tracker is found besides `/analytics.js`; undefined for nowhere. */
  trackerPath: string | undefined;
  /** What the server says, and how. */
  log: LogOptions;
  /** With less room for `dataDir`, readiness says `degraded`. */
  diskMinFreeBytes: number;
  /** A PostgreSQL connection URL; without it an embedded server is started. */
  databaseUrl: string | undefined;
  /** In which the tables lie, created where it's missing; without it the connection's default. */
  databaseSchema: string | undefined;
  /** Where an import sends its events; without it the local port, or the database itself. */
  analyticsUrl: string | undefined;
  /** The key that it sends them by; undefined where that server needs none. */
  analyticsKey: string | undefined;
}

/** Only what is set: where the limits are used, they have defaults. */
export interface QueryConfiguration {
  maxRawRows?: number;
  maxBuckets?: number;
  maxResultRows?: number;
  timeoutMs?: number;
}

/** An OpenID provider, and what its tokens tell. */
export interface IdentityConfiguration {
  issuer: string;
  audience?: string;
  userClaim?: string;
  traitClaims?: string[];
}

/** More than one machine's cores make use of. */
const MAX_WORKERS = 64;

const MB = 1024 * 1024;
/** A terabyte. */
const MAX_MB = 1024 * 1024;
const DEFAULT_SPOOL_MB = 1024;
const DEFAULT_MIN_FREE_MB = 512;

const MAX_ROWS = 1_000_000_000;
const MAX_TIMEOUT_S = 3_600;

const HOUR_MS = 3_600_000;
/** A hundred years. */
const MAX_FUTURE_HOURS = 876_600;

/** @throws ConfigurationError for the first variable that can't be used */
export function readConfiguration(env: Environment): Configuration {
  return {
    host: readHost(env),
    port: readPort(env),
    workers: readWorkers(env),
    dataDir: readDataDir(env),
    spoolMaxBytes: (readMegabytes(env, 'SPOOL_MAX_MB') ?? DEFAULT_SPOOL_MB) * MB,
    streamMaxBytes: times(readMegabytes(env, 'STREAM_MAX_MB'), MB),
    access: readAccess(env),
    limits: {
      perAddress: readLimit(env, 'RATE_LIMIT_PER_ADDRESS'),
      perKey: readLimit(env, 'RATE_LIMIT_PER_KEY'),
    },
    trustProxy: readTrustProxy(env),
    writeKeys: readWriteKeys(env),
    identity: readIdentity(env),
    timestamps: readTimestamps(env),
    erasureDays: readWhole(env, 'ERASURE_DAYS', 'days', MAX_ERASURE_DAYS) ?? DEFAULT_ERASURE_DAYS,
    query: readQuery(env),
    retention: readRetention(env),
    trackerPath: readTrackerPath(env),
    log: readLog(env),
    diskMinFreeBytes: (readMegabytes(env, 'DISK_MIN_FREE_MB') ?? DEFAULT_MIN_FREE_MB) * MB,
    databaseUrl: readUrl(env, 'DATABASE_URL', ['postgres:', 'postgresql:']),
    databaseSchema: readSchema(env),
    analyticsUrl: readAnalyticsUrl(env),
    analyticsKey: readAnalyticsKey(env),
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

function readSchema(env: Environment): string | undefined {
  const schema = value(env, 'DATABASE_SCHEMA');
  if (schema === undefined || isSchemaName(schema)) return schema;
  throw new ConfigurationError('DATABASE_SCHEMA', SCHEMA_NAMES);
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

function readIdentity(env: Environment): IdentityConfiguration | undefined {
  const issuer = readUrl(env, 'IDENTITY_ISSUER', ['https:', 'http:']);
  const audience = value(env, 'IDENTITY_AUDIENCE');
  const userClaim = value(env, 'IDENTITY_USER_CLAIM');
  const traitClaims = value(env, 'IDENTITY_TRAIT_CLAIMS')?.split(',');
  if (issuer === undefined) {
    if ((audience ?? userClaim ?? traitClaims) === undefined) return undefined;
    throw new ConfigurationError(
      'IDENTITY_ISSUER',
      'set where IDENTITY_AUDIENCE, IDENTITY_USER_CLAIM or IDENTITY_TRAIT_CLAIMS is',
    );
  }
  if (!isSafe(new URL(issuer))) {
    throw new ConfigurationError(
      'IDENTITY_ISSUER',
      'an https URL without user name, query and fragment (http is for this machine alone)',
    );
  }
  return {
    issuer,
    ...(audience !== undefined && { audience }),
    ...(userClaim !== undefined && { userClaim }),
    ...(traitClaims && { traitClaims: traitClaims.map((name) => name.trim()).filter(Boolean) }),
  };
}

function isSafe({ protocol, hostname, username, search, hash }: URL): boolean {
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  return (protocol === 'https:' || isLocal) && username + search + hash === '';
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

function readTimestamps(env: Environment): TimestampOptions {
  const hours = readWhole(env, 'MAX_FUTURE_HOURS', 'hours', MAX_FUTURE_HOURS);
  const text = value(env, 'OLDEST_TIMESTAMP');
  const oldest = text === undefined ? {} : parseOldest(text);
  if (!oldest) throw new ConfigurationError('OLDEST_TIMESTAMP', OLDEST_ACCEPTED);
  return { ...(hours !== undefined && { maxFutureMs: hours * HOUR_MS }), ...oldest };
}

const RETENTION_VARIABLES = {
  days: 'RETENTION_DAYS',
  sources: 'RETENTION_SOURCES',
  rollupDays: 'ROLLUP_RETENTION_DAYS',
  compressAfterDays: 'COMPRESS_AFTER_DAYS',
};

function readRetention(env: Environment): RetentionOptions | undefined {
  const days = (variable: string): number | undefined => {
    const text = value(env, variable);
    // What isn't digits alone is no number of days, which is said below.
    if (text === undefined) return undefined;
    return /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  };
  const { days: general, rollupDays, compressAfterDays } = RETENTION_VARIABLES;
  const options: RetentionOptions = {
    days: days(general),
    sources: readSourceDays(env),
    rollupDays: days(rollupDays),
    compressAfterDays: days(compressAfterDays),
  };
  const problem = findProblem(options);
  if (problem) {
    throw new ConfigurationError(RETENTION_VARIABLES[problem.option], problem.accepted);
  }
  return Object.values(options).every((one) => one === undefined) ? undefined : options;
}

const SOURCE_DAYS = /^([^\p{Cc}]{1,100})=(\d{1,6})$/u;

function readSourceDays(env: Environment): Map<string, number> | undefined {
  const variable = RETENTION_VARIABLES.sources;
  const entries = value(env, variable)
    ?.split(',')
    .map((entry) => SOURCE_DAYS.exec(entry.trim()));
  if (!entries) return undefined;
  const days = new Map(entries.map((entry) => [entry?.[1] ?? '', Number(entry?.[2])]));
  if (entries.includes(null) || days.size < entries.length) {
    throw new ConfigurationError(
      variable,
      'a list of source=days with commas between, such as shop=30,app=400, each source given once',
    );
  }
  return days;
}

function readTrackerPath(env: Environment): string | undefined {
  const path = value(env, 'TRACKER_PATH');
  if (path !== undefined && !isTrackerPath(path)) {
    throw new ConfigurationError('TRACKER_PATH', TRACKER_PATH_ACCEPTED);
  }
  return path;
}

/** People want to hear of what goes wrong; who collects logs, of each request as well. */
function readLog(env: Environment): LogOptions {
  const format = readChoice(env, 'LOG_FORMAT', LOG_FORMATS) ?? 'text';
  const usual = format === 'json' ? 'info' : 'warn';
  return { format, level: readChoice(env, 'LOG_LEVEL', LOG_LEVELS) ?? usual };
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

function readAnalyticsUrl(env: Environment): string | undefined {
  const text = readUrl(env, 'ANALYTICS_URL', ['http:', 'https:']);
  if (text !== undefined && new URL(text).username !== '') {
    throw new ConfigurationError('ANALYTICS_URL', 'a URL without user name and password');
  }
  return text;
}
