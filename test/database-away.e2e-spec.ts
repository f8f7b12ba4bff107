import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startApplication, type TestApplication } from './support/application.js';
import { administer, onTimescaledb } from './support/database.js';

describe('while the database is away', () => {
  let server: TestApplication;
  let name: string;

  beforeAll(async () => {
    server = await startApplication();
    name = new URL(server.databaseUrl).pathname.slice(1);
  });
  afterAll(() => server.stop());
  afterEach(() => administer(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`));

  async function takeAway(): Promise<void> {
    await administer(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    await administer(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`,
    );
  }

  const VALID = '/analytics?timestamp=1224567997&user=3&event=click&id=once';

  it('nothing is acknowledged, and a retry stores it once', async () => {
    await takeAway();
    const refused = await server.post(VALID);
    expect(refused.status).toBe(503);
    expect(refused.headers.get('Retry-After')).toMatch(/^[1-9]\d*$/);
    expect(await refused.json()).toMatchObject({ statusCode: 503, code: 'unavailable' });

    const batch = await server.post('/analytics/batch', {
      headers: { 'Content-Type': 'application/json' },
      body: '[{"user":"3","event":"click"}]',
    });
    expect(batch.status).toBe(503);

    await administer(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
    expect((await server.post(VALID)).status).toBe(204);
    expect((await server.post(VALID)).status).toBe(204);
    expect(await server.countEvents()).toBe(1);
  });

  it('reports and readiness are 503, and the process lives', async () => {
    await takeAway();
    expect((await server.get('/analytics?timestamp=0')).status).toBe(503);
    expect((await server.get('/analytics/rejections')).status).toBe(503);
    expect((await server.get('/health/ready')).status).toBe(503);
    const live = await server.get('/health/live');
    expect(await live.json()).toEqual({ status: 'ok', service: 'user-analytics' });
  });

  it('a rejection is still told, and reaches the log when the database is back', async () => {
    await takeAway();
    const response = await server.post('/analytics?user=3&event=purchase');
    expect(response.status).toBe(204);
    expect(response.headers.get('X-Analytics-Rejected')).toMatch(/^unknown_event;/);
    await administer(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
    const log = await server.get('/analytics/rejections');
    expect(await log.json()).toMatchObject({ counts: { unknown_event: 1 } });
  });

  it('readiness says what the events lie on', async () => {
    const ready = await server.get('/health/ready');
    expect(await ready.json()).toEqual({
      status: 'ok',
      storage: onTimescaledb ? 'timescaledb' : 'postgresql',
    });
  });
});
