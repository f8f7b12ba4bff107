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
      query: {},
      trackerPath: undefined,
      log: { format: 'text', level: 'warn' },
      diskMinFreeBytes: 512 * 1024 ** 2,
      databaseUrl: undefined,
      analyticsUrl: undefined,
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
        TRACKER_PATH: '/assets/shop.js',
        LOG_FORMAT: 'json',
        LOG_LEVEL: 'debug',
        DISK_MIN_FREE_MB: '20480',
        QUERY_MAX_RAW_ROWS: '1000000000',
        QUERY_MAX_BUCKETS: '2000000',
        QUERY_MAX_RESULT_ROWS: '1',
        QUERY_TIMEOUT_S: '3600',
        DATABASE_URL: databaseUrl,
        ANALYTICS_URL: analyticsUrl,
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
      analyticsUrl,
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
    ['TRACKER_PATH', 'secret.js'],
    ['TRACKER_PATH', '/analytics/batch'],
    ['TRACKER_PATH', '/assets/../v1/track'],
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
