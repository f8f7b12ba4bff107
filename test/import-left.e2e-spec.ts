import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApplication, type TestApplication } from './support/application.js';
import { until } from './support/poll.js';

/** Takes far longer to look at than a test may. */
const LINES = 3_000_000;

describe('an import that would keep the server busy for nothing', () => {
  let server: TestApplication;

  beforeAll(async () => {
    server = await startApplication();
  });
  afterAll(() => server.stop());

  async function refused(): Promise<number> {
    const log = (await (await server.get('/analytics/rejections')).json()) as {
      counts: Record<string, number>;
    };
    return Object.values(log.counts).reduce((sum, count) => sum + count, 0);
  }

  it.each([
    ['/analytics/import', 'timestamp,user,event\n', ',,\n'],
    ['/analytics/users/import', 'user,plan\n', ',pro\n'],
  ])(
    '%s ends soon after its client has left, however much is left of what came',
    async (path, header, line) => {
      const body = gzipSync(header + line.repeat(LINES));
      expect(body.length).toBeLessThan(50_000);
      const client = httpRequest(`${server.base}${path}`, {
        method: 'POST',
        headers: { 'Content-Type': 'text/csv', 'Content-Encoding': 'gzip' },
      });
      client.on('error', () => {});
      const before = await refused();
      client.end(body);
      await once(client, 'finish');
      await until(async () => (await refused()) > before);
      client.destroy();
      let last = -1;
      await until(async () => {
        const now = await refused();
        const isStill = now === last;
        last = now;
        await sleep(300);
        return isStill;
      });
      expect(last - before).toBeLessThan(LINES);
    },
  );

  it.each([
    ['/analytics/import', 'timestamp,user,event\n'],
    ['/analytics/users/import', 'user,plan\n'],
  ])('%s reads no more of what grows beyond reason', async (path, header) => {
    const response = await server.post(path, {
      headers: { 'Content-Type': 'text/csv', 'Content-Encoding': 'gzip' },
      body: gzipSync(header + `${'x'.repeat(60_000)}\n`.repeat(1_500)),
    });
    const result = (await response.json()) as { incomplete: string; rejected: number };
    expect(result.incomplete).toBe('it grows to more than 100 times its size');
    expect(result.rejected).toBeGreaterThan(1_000);
    expect(result.rejected).toBeLessThan(1_500);
  });
});
