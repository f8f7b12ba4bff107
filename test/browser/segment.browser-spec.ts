import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { startApplication, type TestApplication } from '../support/application.js';
import { launchChromium } from '../support/browser/chromium.js';
import type { SdkSettings } from '../support/browser/page-script.js';
import { Site } from '../support/browser/site.js';
import { FaultyProxy } from '../support/faulty-proxy.js';
import { until } from '../support/poll.js';
import { forgetCalls, storedCalls, storedMerges, traitsOf } from '../support/segment.js';

describe("Segment's SDK in a browser, on a page of another origin", () => {
  let server: TestApplication;
  let proxy: FaultyProxy;
  let site: Site;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    const writeKeys = { sources: new Map([['write-key', 'web']]) };
    server = await startApplication({ writeKeys });
    proxy = await FaultyProxy.start(server.base);
    site = await Site.start();
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser.close();
    await site.stop();
    await proxy.stop();
    await server.stop();
  });
  // A visitor who was never here.
  beforeEach(async () => {
    context = await browser.newContext();
    page = await context.newPage();
  });
  afterEach(async () => {
    await context.close();
    await forgetCalls(server.dataSource);
  });

  const settings = (more: Partial<SdkSettings> = {}): SdkSettings => ({
    apiKey: 'write-key',
    apiHost: `${proxy.host}/v1`,
    protocol: 'http',
    ...more,
  });

  /** Once it's in the SDK's hands. */
  async function does(call: string): Promise<void> {
    await page.evaluate(`analytics.${call}.then(() => {})`);
  }

  async function expectEvents(expected: string[]): Promise<void> {
    const names = async (): Promise<string[]> =>
      (await storedCalls(server.dataSource)).map(({ event }) => event).toSorted();
    await until(async () => (await names()).length >= expected.length);
    expect(await names()).toEqual(expected.toSorted());
  }

  it('sends what a visitor does, who becomes known', async () => {
    const types: (string | undefined)[] = [];
    page.on('request', (request) => {
      if (request.method() === 'POST') types.push(request.headers()['content-type']);
    });
    await page.goto(site.url('/shop', settings()));
    await does(`page('Shop', 'Start')`);
    await does(`track('Product Clicked', { product_id: 'p-7' })`);
    await does(`identify('u-1', { plan: 'pro' })`);
    await does(`group('g-1', { name: 'Example' })`);
    await does(`track('Signed Up')`);
    await expectEvents(['page', 'Product Clicked', 'identify', 'group', 'Signed Up']);
    expect(new Set(types)).toEqual(new Set(['text/plain']));

    const events = await storedCalls(server.dataSource);
    const visitor = events[0]!.user;
    expect(events.map(({ user, kind, source }) => [user, kind, source])).toEqual([
      [visitor, 'anonymous', 'web'],
      [visitor, 'anonymous', 'web'],
      ['u-1', 'known', 'web'],
      ['u-1', 'known', 'web'],
      ['u-1', 'known', 'web'],
    ]);
    expect(events[0]!.properties).toMatchObject({
      name: 'Start',
      category: 'Shop',
      title: 'Shop',
      url: expect.stringContaining('/shop'),
      context: { userAgent: expect.stringContaining('Chrome') },
    });
    expect(events[4]!.properties).toMatchObject({ context: { anonymousId: visitor } });
    expect(await storedMerges(server.dataSource)).toEqual([`${visitor} -> u-1`]);
    expect(await traitsOf(server.dataSource, 'u-1')).toEqual({ plan: 'pro' });
  });

  it('an alias names a visitor, too', async () => {
    await page.goto(site.url('/shop', settings()));
    await does(`track('Before')`);
    await does(`alias('u-2')`);
    await expectEvents(['Before', 'alias']);
    const [before] = await storedCalls(server.dataSource);
    expect(await storedMerges(server.dataSource)).toEqual([`${before!.user} -> u-2`]);
  });

  it.each([
    ['the server is not there for a while', 'refuse'],
    ['connections are cut after the commit', 'cut'],
  ] as const)('stores each event once when %s', async (_, fault) => {
    const { harmed, answered } = proxy;
    await page.goto(site.url('/shop', settings()));
    proxy[fault](2);
    for (const event of ['One', 'Two', 'Three']) await does(`track('${event}')`);
    await does(`identify('u-3')`);
    // What was cut is stored at once, and sent again later.
    await until(() => proxy.answered - answered === 4);
    await expectEvents(['One', 'Two', 'Three', 'identify']);
    expect(proxy.harmed - harmed).toBe(2);
  });

  it('what a page could not send any more is sent by the next one', async () => {
    await page.goto(site.url('/shop', settings()));
    await does(`track('Arrived')`);
    proxy.refuse(1);
    await does(`track('Left')`);
    await page.goto(site.url('/basket', settings()));
    await expectEvents(['Arrived', 'Left']);
  });

  it('a batch is sent when its page is left', async () => {
    const config = { size: 10, timeout: 600_000 };
    const deliveryStrategy = { strategy: 'batching' as const, config };
    await page.goto(site.url('/shop', settings({ deliveryStrategy })));
    await does(`track('One')`);
    await does(`track('Two')`);
    expect(await server.countEvents()).toBe(0);
    await page.goto(site.url('/away'));
    await expectEvents(['One', 'Two']);
  });

  it('a beacon of a page that is left arrives, by the key in its body', async () => {
    await page.goto(site.url('/shop'));
    const body = JSON.stringify({ writeKey: 'write-key', anonymousId: 'a-1', event: 'Left' });
    await page.evaluate(
      `addEventListener('pagehide', () => {
         navigator.sendBeacon('http://${proxy.host}/v1/track', ${JSON.stringify(body)});
       })`,
    );
    await page.goto(site.url('/away'));
    await expectEvents(['Left']);
  });
});
