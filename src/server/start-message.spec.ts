import { describe, expect, it } from '@jest/globals';
import type { Configuration } from '../configuration.js';
import type { Storage } from '../database/storage.js';
import { baseUrl, startMessage } from './start-message.js';

const configuration: Configuration = {
  host: '127.0.0.1',
  port: 0,
  workers: 1,
  dataDir: '/srv/data',
  spoolMaxBytes: 1024 ** 3,
  access: 'keys' as const,
  limits: { perAddress: undefined, perKey: undefined },
  trustProxy: undefined,
  analyticsKey: undefined,
  writeKeys: undefined,
  identity: undefined,
  timestamps: {},
  erasureDays: 30,
  query: {},
  retention: undefined,
  trackerPath: undefined,
  streamMaxBytes: undefined,
  databaseUrl: undefined,
  databaseSchema: undefined,
  analyticsUrl: undefined,
  log: { format: 'text', level: 'warn' },
  diskMinFreeBytes: 0,
};
const plain: Storage = { postgresql: '17.10', timescaledb: undefined, durable: true };
const timescaledb: Storage = { ...plain, timescaledb: '2.19.3' };

describe('baseUrl', () => {
  it.each([
    ['127.0.0.1', 'http://127.0.0.1:8080'],
    ['0.0.0.0', 'http://localhost:8080'],
    ['::', 'http://localhost:8080'],
    ['::1', 'http://[::1]:8080'],
    ['analytics.internal', 'http://analytics.internal:8080'],
  ])('%s', (host, url) => {
    expect(baseUrl(host, 8080)).toBe(url);
  });
});

describe('startMessage', () => {
  it('says where things are', () => {
    const message = startMessage(configuration, 8081, timescaledb);
    expect(message).toContain('http://127.0.0.1:8081/analytics');
    expect(message).toContain('http://127.0.0.1:8081/docs');
    expect(message).toContain('TimescaleDB 2.19.3 on PostgreSQL 17.10');
    expect(message).toContain('/srv/data');
    expect(message).not.toContain('npm run timescaledb');
    expect(message).not.toContain('Warning');
  });

  it('says how many processes answer where there are several', () => {
    expect(startMessage(configuration, 8081, plain)).not.toContain('Workers');
    const message = startMessage({ ...configuration, workers: 4 }, 8081, plain);
    expect(message).toContain('  Workers    4 processes, on one port');
  });

  it('says how to get a hypertable', () => {
    expect(startMessage(configuration, 8081, plain)).toContain('npm run timescaledb');
  });

  it('never shows the URL of the database', () => {
    const databaseUrl = 'postgres://app:secret@db.internal/analytics';
    const message = startMessage({ ...configuration, databaseUrl }, 8081, plain);
    expect(message).toContain('DATABASE_URL');
    expect(message).not.toContain('secret');
    expect(message).not.toContain('db.internal');
  });

  it('warns of a server that can lose what it confirmed', () => {
    expect(startMessage(configuration, 8081, { ...plain, durable: false })).toMatch(
      /Warning: .*fsync/,
    );
  });
});
