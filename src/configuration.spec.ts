import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readConfiguration, readDatabaseUrl } from './configuration.js';

describe('readConfiguration', () => {
  it('needs nothing', () => {
    expect(readConfiguration({ PORT: ' ', HOST: '' })).toEqual({
      host: '127.0.0.1',
      port: 8080,
      workers: 1,
      dataDir: resolve('data'),
      spoolMaxBytes: 1024 ** 3,
      streamMaxBytes: undefined,
      writeKeys: undefined,
      identity: undefined,
      timestamps: {},
      erasureDays: 30,
      query: {},
      retention: undefined,
      trackerPath: undefined,
      log: { format: 'text', level: 'warn' },
      diskMinFreeBytes: 512 * 1024 ** 2,
      databaseUrl: undefined,
      databaseSchema: undefined,
      analyticsUrl: undefined,
      analyticsKey: undefined,
      access: 'keys',
      limits: { perAddress: undefined, perKey: undefined },
      trustProxy: undefined,
    });
  });

  it('takes what is set', () => {
    const databaseUrl = 'postgres://app:secret@db.internal/analytics';
    const analyticsUrl = 'https://analytics.internal';
    expect(
      readConfiguration({
        HOST: '::',
        PORT: '0',
        WEB_CONCURRENCY: '64',
        DATA_DIR: '/srv/analytics',
        SPOOL_MAX_MB: '5',
        STREAM_MAX_MB: '1048576',
        WRITE_KEYS: 'shop=k-1234567, the app=k=234567+',
        IDENTITY_ISSUER: 'https://id.example.com/tenant/',
        IDENTITY_AUDIENCE: 'shop',
        IDENTITY_USER_CLAIM: 'uid',
        IDENTITY_TRAIT_CLAIMS: 'email, plan',
        MAX_FUTURE_HOURS: '2',
        OLDEST_TIMESTAMP: '2020-01-01',
        TRACKER_PATH: '/assets/shop.js',
        ERASURE_DAYS: '3650',
        LOG_FORMAT: 'json',
        LOG_LEVEL: 'debug',
        DISK_MIN_FREE_MB: '20480',
        QUERY_MAX_RAW_ROWS: '1000000000',
        QUERY_MAX_BUCKETS: '2000000',
        QUERY_MAX_RESULT_ROWS: '1',
        QUERY_TIMEOUT_S: '3600',
        DATABASE_URL: databaseUrl,
        DATABASE_SCHEMA: 'books_2',
        ANALYTICS_URL: analyticsUrl,
        ANALYTICS_KEY: 'ua_write_x',
        ACCESS: 'open',
        RATE_LIMIT_PER_ADDRESS: '0',
        RATE_LIMIT_PER_KEY: '600',
        TRUST_PROXY: '10.0.0.0/8, ::1,loopback',
      }),
    ).toEqual({
      host: '::',
      port: 0,
      workers: 64,
      dataDir: '/srv/analytics',
      spoolMaxBytes: 5 * 1024 ** 2,
      streamMaxBytes: 1024 ** 4,
      writeKeys: [
        ['k-1234567', 'shop'],
        ['k=234567+', 'the app'],
      ],
      identity: {
        issuer: 'https://id.example.com/tenant/',
        audience: 'shop',
        userClaim: 'uid',
        traitClaims: ['email', 'plan'],
      },
      timestamps: { maxFutureMs: 2 * 3_600_000, oldest: Date.parse('2020-01-01T00:00:00Z') },
      erasureDays: 3_650,
      query: {
        maxRawRows: 1_000_000_000,
        maxBuckets: 2_000_000,
        maxResultRows: 1,
        timeoutMs: 3_600_000,
      },
      trackerPath: '/assets/shop.js',
      log: { format: 'json', level: 'debug' },
      diskMinFreeBytes: 20 * 1024 ** 3,
      databaseUrl,
      databaseSchema: 'books_2',
      analyticsUrl,
      analyticsKey: 'ua_write_x',
      access: 'open',
      limits: { perAddress: 0, perKey: 600 },
      trustProxy: ['10.0.0.0/8', '::1', 'loopback'],
    });
  });

  it.each([
    [{ LOG_FORMAT: 'json' }, { format: 'json', level: 'info' }],
    [{ LOG_LEVEL: 'error' }, { format: 'text', level: 'error' }],
  ])('logs requests where programs read the log: %j', (env, log) => {
    expect(readConfiguration(env).log).toEqual(log);
  });

  it.each([
    ['LOG_FORMAT', 'pretty'],
    ['LOG_LEVEL', 'Verbose'],
    ['DISK_MIN_FREE_MB', '5GB'],
    ['ACCESS', 'closed'],
    ['RATE_LIMIT_PER_ADDRESS', '-1'],
    ['RATE_LIMIT_PER_KEY', '1e3'],
    ['TRUST_PROXY', 'true'],
    ['TRUST_PROXY', '99'],
    ['TRUST_PROXY', '10.0.0.0/33'],
    ['ANALYTICS_KEY', 'short'],
    ['WRITE_KEYS', 'shop'],
    ['WRITE_KEYS', 'shop=short'],
    ['WRITE_KEYS', 'shop=k-1234567,app=k-1234567'],
    ['WRITE_KEYS', 'shop=k-1234567,'],
    ['IDENTITY_ISSUER', 'http://id.example.com'],
    ['IDENTITY_ISSUER', 'https://id.example.com/?tenant=secret'],
    ['SPOOL_MAX_MB', '-5'],
    ['STREAM_MAX_MB', '1048577'],
    ['STREAM_MAX_MB', '1.5'],
    ['QUERY_MAX_RAW_ROWS', '1000000001'],
    ['QUERY_MAX_BUCKETS', '-7'],
    ['QUERY_MAX_RESULT_ROWS', '2e5'],
    ['QUERY_TIMEOUT_S', '0.5'],
    ['QUERY_TIMEOUT_S', '3601'],
    ['RETENTION_DAYS', '-2'],
    ['RETENTION_DAYS', '1.5'],
    ['RETENTION_DAYS', '36501'],
    ['RETENTION_SOURCES', 'blog'],
    ['RETENTION_SOURCES', 'blog=0'],
    ['RETENTION_SOURCES', 'blog=30,'],
    ['RETENTION_SOURCES', 'blog=30,blog=31'],
    ['ROLLUP_RETENTION_DAYS', '480'],
    ['ROLLUP_RETENTION_DAYS', 'for ever'],
    ['COMPRESS_AFTER_DAYS', '-7'],
    ['TRACKER_PATH', 'secret.js'],
    ['TRACKER_PATH', '/analytics/batch'],
    ['TRACKER_PATH', '/assets/../v1/track'],
    ['MAX_FUTURE_HOURS', '-1'],
    ['MAX_FUTURE_HOURS', '876601'],
    ['OLDEST_TIMESTAMP', '2020-13-01'],
    ['OLDEST_TIMESTAMP', '0d'],
    ['OLDEST_TIMESTAMP', '36526d'],
    ['OLDEST_TIMESTAMP', 'yesterday'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '80.5'],
    ['PORT', '0x50'],
    ['PORT', 'http'],
    ['WEB_CONCURRENCY', '0'],
    ['WEB_CONCURRENCY', '65'],
    ['WEB_CONCURRENCY', '2.5'],
    ['WEB_CONCURRENCY', 'auto'],
    ['HOST', 'http://localhost'],
    ['HOST', 'two words'],
    ['DATA_DIR', 'a\0b'],
    ['DATABASE_SCHEMA', 'Books'],
    ['DATABASE_SCHEMA', 'information_schema'],
    ['DATABASE_SCHEMA', 'books; DROP TABLE events'],
    ['DATABASE_URL', 'db.internal'],
    ['DATABASE_URL', 'mysql://app:secret@db.internal/analytics'],
    ['ANALYTICS_URL', 'localhost:8080'],
    ['ANALYTICS_URL', 'http://me:hunter2@analytics.internal'],
    ['ANALYTICS_URL', 'ftp://secret.internal'],
  ])('refuses %s=%j, by name, without showing it', (variable, value) => {
    const read = (): unknown => readConfiguration({ [variable]: value });
    expect(read).toThrow(new RegExp(`^${variable} must be `));
    expect(read).not.toThrow(value);
  });
});

describe('OLDEST_TIMESTAMP', () => {
  it.each([
    ['2020-02-29', { oldest: Date.parse('2020-02-29T00:00:00Z') }],
    ['2020-01-01T00:00:00+01:00', { oldest: Date.parse('2019-12-31T23:00:00Z') }],
    ['1577836800', { oldest: Date.parse('2020-01-01T00:00:00Z') }],
    ['1d', { maxAgeMs: 86_400_000 }],
    ['36525d', { maxAgeMs: 36_525 * 86_400_000 }],
  ])('may be %j', (text, timestamps) => {
    expect(readConfiguration({ OLDEST_TIMESTAMP: text }).timestamps).toEqual(timestamps);
  });
});

describe('how long things are kept', () => {
  it('is read', () => {
    const { retention } = readConfiguration({
      RETENTION_DAYS: '90',
      RETENTION_SOURCES: 'shop=30, a=b=400',
      ROLLUP_RETENTION_DAYS: '400',
      COMPRESS_AFTER_DAYS: '14',
    });
    expect(retention).toEqual({
      days: 90,
      sources: new Map([
        ['shop', 30],
        ['a=b', 400],
      ]),
      rollupDays: 400,
      compressAfterDays: 14,
    });
  });

  it.each(['399', '89'])('is for rollups at least what it is for raw events', (days) => {
    const env = { RETENTION_DAYS: '90', RETENTION_SOURCES: 'app=400', ROLLUP_RETENTION_DAYS: days };
    expect(() => readConfiguration(env)).toThrow(/^ROLLUP_RETENTION_DAYS must be .* at least 400/);
  });
});

describe('readDatabaseUrl', () => {
  it('is DATABASE_URL, or that of the embedded server', () => {
    const folder = mkdtempSync(join(tmpdir(), 'user-analytics-'));
    try {
      expect(() => readDatabaseUrl({ DATA_DIR: folder })).toThrow(/^DATABASE_URL must be set/);
      writeFileSync(join(folder, 'database-url'), 'postgres://localhost:1/postgres\n');
      expect(readDatabaseUrl({ DATA_DIR: folder })).toBe('postgres://localhost:1/postgres');
      const DATABASE_URL = 'postgres://localhost:2/postgres';
      expect(readDatabaseUrl({ DATA_DIR: folder, DATABASE_URL })).toBe(DATABASE_URL);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
