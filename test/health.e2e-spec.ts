import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import type { ReadinessDto } from '../src/operations/health/health.dto.js';
import { ROLLUP_LOCKS } from '../src/rollup/locks.js';
import { startApplication, type TestApplication } from './support/application.js';
import { bringDatabaseBack, onTimescaledb, takeDatabaseAway } from './support/database.js';
import { until } from './support/poll.js';

const DAY_MS = 86_400_000;

async function readiness(server: TestApplication): Promise<ReadinessDto> {
  const response = await server.get('/health/ready');
  expect(response.status).toBe(200);
  expect(response.headers.get('Cache-Control')).toBe('no-store');
  return (await response.json()) as ReadinessDto;
}

/** Nobody has made a policy here. */
async function expectedFeatures({ dataSource }: TestApplication): Promise<object> {
  const without = (reason: string) => ({
    active: false,
    reason: expect.stringContaining(reason) as unknown,
  });
  if (!onTimescaledb) {
    return { hypertable: without('plain table'), compression: without('plain table') };
  }
  const [row] = await dataSource.query<Record<string, string>[]>('SHOW timescaledb.license');
  const isFull = row!['timescaledb.license'] === 'timescale';
  return {
    hypertable: { active: true },
    compression: without(isFull ? 'no policy' : 'Apache licence'),
  };
}

describe('readiness', () => {
  let server: TestApplication;

  beforeAll(async () => {
    server = await startApplication();
  });
  afterAll(() => server.stop());

  it('says of each check how it is', async () => {
    const ready = await readiness(server);
    expect(ready).toMatchObject({
      status: 'ok',
      checks: {
        database: { status: 'up' },
        spool: { status: 'up', takes_events: true, events: 0, bytes: 0 },
        rollups: { status: 'up' },
        disk: { status: 'up' },
      },
    });
    expect(ready.waiting).toBeUndefined();
  });

  it('says which features the storage has, and why others are not there', async () => {
    const { features } = await readiness(server);
    expect(features).toEqual(await expectedFeatures(server));
  });

  it('is degraded while folders are far behind, which costs answers time', async () => {
    // Whoever holds the lock of a day keeps folders from it.
    const holder = await new DataSource({ type: 'postgres', url: server.databaseUrl }).initialize();
    const runner = holder.createQueryRunner();
    await runner.startTransaction();
    await runner.query('SELECT pg_advisory_xact_lock($1, $2)', [ROLLUP_LOCKS, 14_000]);
    await server.dataSource.query(
      `INSERT INTO rollup_deltas (minute, source_id, bot, name_id, events, written_at)
       VALUES ($1, 1, false, 1, 1, now() - interval '1 hour')`,
      [new Date(14_000 * DAY_MS)],
    );
    const ready = await readiness(server);
    expect(ready).toMatchObject({
      status: 'degraded',
      checks: { database: { status: 'up' }, rollups: { status: 'degraded', waiting_deltas: 1 } },
    });
    expect(ready.checks.rollups.lag_seconds).toBeGreaterThanOrEqual(3_600);
    expect(ready.checks.rollups.lag_seconds).toBeLessThan(3_700);
    await runner.rollbackTransaction();
    await holder.destroy();
    await until(async () => (await readiness(server)).status === 'ok');
    const { rollups } = (await readiness(server)).checks;
    expect(rollups).toEqual({ status: 'up', lag_seconds: 0, waiting_deltas: 0 });
  });

  it('is degraded while the database is away and events go to disk', async () => {
    await takeDatabaseAway(server.databaseUrl);
    expect((await server.post('/analytics?user=1&event=click')).status).toBe(204);
    const ready = await readiness(server);
    expect(ready).toMatchObject({
      status: 'degraded',
      waiting: { events: 1 },
      checks: {
        database: { status: 'degraded' },
        spool: { status: 'degraded', events: 1, takes_events: true },
        rollups: { status: 'degraded' },
        disk: { status: 'up' },
      },
    });
    expect(ready.features).toBeUndefined();
    expect(ready.storage).toBeUndefined();
    await bringDatabaseBack(server.databaseUrl);
    await until(async () => (await readiness(server)).status === 'ok');
  });
});

describe('readiness without a spool', () => {
  it('is 503 while the database is away, with what is down, and liveness is not', async () => {
    const server = await startApplication({});
    expect((await readiness(server)).checks.spool).toEqual({
      status: 'up',
      message: 'there is none',
    });
    await takeDatabaseAway(server.databaseUrl);
    const response = await server.get('/health/ready');
    expect(response.status).toBe(503);
    expect(response.headers.get('Retry-After')).toMatch(/^\d+$/);
    expect(await response.json()).toMatchObject({
      statusCode: 503,
      code: 'unavailable',
      checks: { database: { status: 'down' } },
    });
    expect((await server.get('/health/live')).status).toBe(200);
    await bringDatabaseBack(server.databaseUrl);
    await until(async () => (await readiness(server)).status === 'ok');
    await server.stop();
  });
});

describe('readiness of a server whose disk is watched', () => {
  let server: TestApplication | undefined;
  const folder = mkdtempSync(join(tmpdir(), 'user-analytics-disk-'));

  afterEach(async () => {
    await server?.stop();
    server = undefined;
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([
    ['ok', 'up', 1],
    ['degraded', 'degraded', Number.MAX_SAFE_INTEGER],
  ] as const)('is %s where it has enough, or not', async (status, disk, minFreeBytes) => {
    server = await startApplication(undefined, { disk: { directory: folder, minFreeBytes } });
    const ready = await readiness(server);
    expect(ready).toMatchObject({
      status,
      checks: { disk: { status: disk, min_free_bytes: minFreeBytes } },
    });
    expect(ready.checks.disk.free_bytes).toBeGreaterThan(0);
  });

  it('is degraded where its folder is gone', async () => {
    const directory = join(folder, 'gone');
    server = await startApplication(undefined, { disk: { directory, minFreeBytes: 1 } });
    const { status, checks } = await readiness(server);
    expect(status).toBe('degraded');
    expect(checks.disk.message).toBe('not known: ENOENT');
  });
});
