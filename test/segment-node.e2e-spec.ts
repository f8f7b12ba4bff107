import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Analytics } from '@segment/analytics-node';
import { startApplication, type TestApplication } from './support/application.js';
import { FaultyProxy } from './support/faulty-proxy.js';
import { forgetCalls, storedCalls, storedMerges, traitsOf } from './support/segment.js';

describe("Segment's SDK for Node", () => {
  let server: TestApplication;
  let proxy: FaultyProxy;
  let analytics: Analytics;
  let problems: unknown[];

  beforeAll(async () => {
    const writeKeys = { sources: new Map([['write-key', 'backend']]) };
    server = await startApplication({ writeKeys });
    proxy = await FaultyProxy.start(server.base);
  });
  afterAll(async () => {
    await proxy.stop();
    await server.stop();
  });
  beforeEach(() => {
    connect('write-key');
  });
  afterEach(() => forgetCalls(server.dataSource));

  function connect(writeKey: string): void {
    problems = [];
    analytics = new Analytics({ writeKey, host: `http://${proxy.host}` });
    analytics.on('error', (problem) => problems.push(problem));
  }

  it('sends calls of each type, and its person is merged', async () => {
    const at = (second: number): Date => new Date(Date.UTC(2008, 9, 21, 5, 46, second));
    analytics.page({ anonymousId: 'a-1', name: 'Docs', timestamp: at(1) });
    analytics.track({ anonymousId: 'a-1', event: 'Signed Up', timestamp: at(2) });
    analytics.identify({
      userId: 'u-1',
      anonymousId: 'a-1',
      traits: { plan: 'pro' },
      timestamp: at(3),
    });
    analytics.screen({ userId: 'u-1', category: 'Shop', name: 'Basket', timestamp: at(4) });
    analytics.group({
      userId: 'u-1',
      groupId: 'g-1',
      traits: { name: 'Example' },
      timestamp: at(5),
    });
    analytics.alias({ userId: 'u-1', previousId: 'a-2', timestamp: at(6) });
    await analytics.closeAndFlush();

    const library = { name: '@segment/analytics-node', version: expect.any(String) };
    const events = await storedCalls(server.dataSource);
    expect(events.map(({ event, user, kind, time }) => [event, user, kind, time])).toEqual([
      ['page', 'a-1', 'anonymous', at(1)],
      ['Signed Up', 'a-1', 'anonymous', at(2)],
      ['identify', 'u-1', 'known', at(3)],
      ['screen', 'u-1', 'known', at(4)],
      ['group', 'u-1', 'known', at(5)],
      ['alias', 'u-1', 'known', at(6)],
    ]);
    expect(events[0]!.properties).toEqual({ name: 'Docs', context: { library } });
    expect(events[3]!.properties).toEqual({
      name: 'Basket',
      category: 'Shop',
      context: { library },
    });
    expect(new Set(events.map(({ source }) => source))).toEqual(new Set(['backend']));
    expect(await storedMerges(server.dataSource)).toEqual(['a-1 -> u-1', 'a-2 -> u-1']);
    expect(await traitsOf(server.dataSource, 'u-1')).toEqual({ plan: 'pro' });
    expect(problems).toEqual([]);
  });

  it.each([
    ['the server is not there for a while', 'refuse'],
    ['connections are cut after the commit', 'cut'],
  ] as const)('stores each event once when %s', async (_, fault) => {
    const harmed = proxy.harmed;
    proxy[fault](2);
    const names = Array.from({ length: 40 }, (__, index) => `Event ${100 + index}`);
    for (const event of names) analytics.track({ userId: 'u-2', event });
    analytics.identify({ userId: 'u-2', anonymousId: `a-${fault}` });
    await analytics.closeAndFlush();
    expect(proxy.harmed - harmed).toBe(2);
    expect(problems).toEqual([]);
    const events = await storedCalls(server.dataSource);
    expect(events.map(({ event }) => event).toSorted()).toEqual([...names, 'identify']);
    expect(await storedMerges(server.dataSource)).toEqual([`a-${fault} -> u-2`]);
  });

  it('is told that its write key is wrong, and does not try again', async () => {
    connect('another-key');
    analytics.track({ userId: 'u-1', event: 'e' });
    await analytics.closeAndFlush();
    expect(problems).toEqual([
      expect.objectContaining({
        code: 'delivery_failure',
        reason: expect.objectContaining({ message: expect.stringContaining('401') }),
      }),
    ]);
    expect(await server.countEvents()).toBe(0);
  });
});
