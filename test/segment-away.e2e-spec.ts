import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AnalyticsOptions } from '../src/analytics/analytics.module.js';
import { startApplication, type TestApplication } from './support/application.js';
import { bringDatabaseBack, takeDatabaseAway } from './support/database.js';
import { holdsText } from './support/holds-text.js';
import { until } from './support/poll.js';
import { call, storedCalls, storedMerges, traitsOf } from './support/segment.js';

const at = (second: number): string => `2008-10-21T05:46:0${second}.000Z`;

const VISIT = {
  batch: [
    { type: 'page', anonymousId: 'a-1', messageId: 'm-1', timestamp: at(1) },
    {
      type: 'identify',
      userId: 'u-1',
      anonymousId: 'a-1',
      traits: { plan: 'pro' },
      messageId: 'm-2',
      timestamp: at(2),
    },
    { type: 'track', event: 'e', userId: 'u-1', messageId: 'm-3', timestamp: at(3) },
  ],
};

describe("Segment's API while the database is away", () => {
  let server: TestApplication;

  async function start(options?: AnalyticsOptions): Promise<void> {
    server = await startApplication(options);
    // Some answers are remembered from the first events on.
    await call(server, 'track', { userId: 'before', event: 'e', timestamp: at(0) });
    await takeDatabaseAway(server.databaseUrl);
  }

  let isAway = true;
  beforeEach(() => {
    isAway = true;
  });
  afterEach(async () => {
    if (isAway) await bringDatabaseBack(server.databaseUrl);
    await server.stop();
  });

  async function bringBack(): Promise<void> {
    isAway = false;
    await bringDatabaseBack(server.databaseUrl);
  }

  it('takes to disk nothing of a person who asks not to be followed', async () => {
    await start();
    const response = await call(server, 'batch', VISIT, { 'Sec-GPC': '1' });
    expect([response.status, await response.json()]).toEqual([200, { success: true }]);
    const files = readdirSync(server.spool, { recursive: true, withFileTypes: true });
    const kept = files
      .filter((file) => file.isFile())
      .map((file) => readFileSync(join(file.parentPath, file.name), 'latin1'));
    expect(kept.join('')).toContain('"identify"');
    expect(kept.join('')).not.toMatch(/u-1|a-1|pro/);
    await bringBack();
    await until(async () => (await server.countEvents()) === 4);
    expect(await holdsText(server.dataSource, 'u-1')).toEqual([]);
  });

  it('takes calls to disk, and who people are takes effect when it is back, once', async () => {
    await start();
    for (let time = 0; time < 2; time += 1) {
      const response = await call(server, 'batch', VISIT);
      expect([response.status, await response.json()]).toEqual([200, { success: true }]);
    }
    await bringBack();
    await until(async () => (await server.countEvents()) === 4);
    await until(async () => (await storedMerges(server.dataSource)).length === 1);
    expect(await storedMerges(server.dataSource)).toEqual(['a-1 -> u-1']);
    expect(await traitsOf(server.dataSource, 'u-1')).toEqual({ plan: 'pro' });
    // What an SDK tries again later, too.
    expect((await call(server, 'batch', VISIT)).status).toBe(200);
    const events = await storedCalls(server.dataSource);
    expect(events.map(({ event, user }) => [event, user])).toEqual([
      ['e', 'before'],
      ['page', 'a-1'],
      ['identify', 'u-1'],
      ['e', 'u-1'],
    ]);
  });

  it('tells at once what can never be stored', async () => {
    await start();
    const response = await call(server, 'batch', { batch: [...VISIT.batch, { type: 'track' }] });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ rejected: [{ index: 3 }] });
    expect((await call(server, 'track', {})).status).toBe(400);
  });

  it('without a spool asks to try again: 503', async () => {
    await start({});
    const response = await call(server, 'batch', VISIT);
    expect(response.status).toBe(503);
    expect(response.headers.get('Retry-After')).toMatch(/^[1-9]\d*$/);
    expect(await response.json()).toMatchObject({ success: false, code: 'unavailable' });
    await bringBack();
    await until(async () => (await call(server, 'batch', VISIT)).status === 200);
    expect(await server.countEvents()).toBe(4);
    expect(await storedMerges(server.dataSource)).toEqual(['a-1 -> u-1']);
  });
});
