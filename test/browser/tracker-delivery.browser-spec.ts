import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TrackedBrowser } from '../support/browser/tracked.js';
import { until } from '../support/poll.js';

describe('what the tracker is told arrives', () => {
  let tracked: TrackedBrowser;

  beforeAll(async () => {
    tracked = await TrackedBrowser.start();
  });
  afterAll(() => tracked.stop());
  beforeEach(() => tracked.begin());
  afterEach(() => tracked.end());

  const track = (...events: string[]): Promise<unknown> =>
    tracked.page.evaluate(
      events.map((name) => `analytics.track('${name}', { n: '${name}' })`).join(';'),
    );

  /** As its visitor does. */
  async function closePage(): Promise<void> {
    const closed = tracked.page.waitForEvent('close');
    await tracked.page.close({ runBeforeUnload: true });
    await closed;
  }

  async function names(): Promise<string[]> {
    const events = (await tracked.events()).map(({ event }) => event);
    return events.filter((event) => event !== 'page').toSorted();
  }

  /** Each of them once, and nothing is left in the browser. */
  async function expectStored(expected: string[]): Promise<void> {
    await until(async () => (await names()).length >= expected.length);
    await until(async () => !(await tracked.kept()).keys.some((key) => key.includes(':call:')));
    expect(await names()).toEqual(expected.toSorted());
    expect(tracked.errors).toEqual([]);
  }

  it('together, as text, without cookies and without asking before', async () => {
    const requests: { type: string | undefined; method: string }[] = [];
    tracked.page.on('request', (request) => {
      const { 'content-type': type } = request.headers();
      if (!request.url().startsWith(tracked.site.url('/'))) {
        requests.push({ type, method: request.method() });
      }
    });
    await tracked.page.goto(tracked.site.url('/shop?utm_source=news&secret=1#part'));
    await track('One', 'Two', 'Three');
    await expectStored(['One', 'Two', 'Three']);
    expect(requests.filter(({ method }) => method !== 'GET')).toEqual([
      { method: 'POST', type: 'text/plain;charset=UTF-8' },
    ]);
    const events = await tracked.events();
    expect(JSON.stringify(events)).not.toContain('secret');
    const senders = events.map(({ source, kind, user }) => `${source} ${kind} ${user}`);
    expect(new Set(senders)).toEqual(new Set([`${tracked.source} anonymous ${events[0]!.user}`]));
    expect(events.find(({ event }) => event === 'One')!.properties).toEqual({
      path: '/shop',
      n: 'One',
    });
    expect(events.find(({ event }) => event === 'page')!.properties).toEqual({
      path: '/shop',
      title: 'Shop',
      utm_source: 'news',
    });
  });

  it('when pages are left at once, one after the other', async () => {
    const expected: string[] = [];
    await tracked.page.goto(tracked.site.url('/0'));
    for (let page = 1; page <= 6; page += 1) {
      expected.push(`A${page}`, `B${page}`);
      await tracked.page.evaluate(
        `analytics.track('A${page}'); addEventListener('pagehide', () => analytics.track('B${page}'));
         location.href = '/${page}'`,
      );
      await tracked.page.waitForURL(tracked.site.url(`/${page}`));
    }
    await expectStored(expected);
    const paths = (await tracked.events('page')).map(({ properties }) =>
      String(properties['path']),
    );
    expect(paths.toSorted()).toEqual(['/0', '/1', '/2', '/3', '/4', '/5', '/6']);
  });

  it('when a link leads away, and says what was clicked', async () => {
    const body = `<div data-analytics-click="card" data-analytics-list="top"><a href="/next"
      data-analytics-click="link"><b id="target">Go</b></a></div>`;
    await tracked.page.goto(tracked.site.add('/shop', { body }));
    await tracked.page.click('#target');
    await tracked.page.waitForURL(tracked.site.url('/next'));
    await expectStored(['click', 'click']);
    const clicks = (await tracked.events('click')).map(({ properties }) => properties);
    expect(clicks).toEqual(
      expect.arrayContaining([
        { element: 'link', path: '/shop' },
        { element: 'card', path: '/shop', list: 'top' },
      ]),
    );
  });

  it('when tabs are closed', async () => {
    await tracked.page.goto(tracked.site.url('/shop'));
    await track('One', 'Two');
    const other = await tracked.newPage();
    await closePage();
    tracked.page = other;
    await other.goto(tracked.site.url('/other'));
    await expectStored(['One', 'Two']);
  });

  it('when it was offline, and is back', async () => {
    await tracked.page.goto(tracked.site.url('/shop'));
    await track('Before');
    await expectStored(['Before']);
    await tracked.context.setOffline(true);
    await track('One', 'Two');
    await tracked.page.waitForTimeout(1_000);
    await track('Three');
    expect((await tracked.kept()).keys.filter((key) => key.includes(':call:'))).toHaveLength(3);
    await tracked.context.setOffline(false);
    await expectStored(['Before', 'One', 'Two', 'Three']);
  });

  it('when the page was closed while it was offline, by the next page', async () => {
    await tracked.page.goto(tracked.site.url('/shop'));
    await track('Before');
    await expectStored(['Before']);
    const user = (await tracked.events())[0]!.user;
    await tracked.context.setOffline(true);
    const begun = Date.now();
    await track('One', 'Two');
    const next = await tracked.newPage();
    await closePage();
    await tracked.context.setOffline(false);
    tracked.page = next;
    await tracked.page.goto(tracked.site.url('/later'));
    await expectStored(['Before', 'One', 'Two']);
    const events = await tracked.events();
    expect(new Set(events.map((event) => event.user))).toEqual(new Set([user]));
    const one = events.find(({ event }) => event === 'One')!;
    expect(one.properties['path']).toBe('/shop');
    expect(Math.abs(one.time.getTime() - begun)).toBeLessThan(1_000);
  });

  it('when the server can store nothing for a while', async () => {
    await tracked.page.goto(tracked.site.url('/shop'));
    await track('Before');
    await expectStored(['Before']);
    const { harmed } = tracked.proxy;
    tracked.proxy.refuse(2);
    await track('One');
    await until(() => tracked.proxy.harmed - harmed === 1);
    await track('Two');
    await expectStored(['Before', 'One', 'Two']);
    expect(tracked.proxy.harmed - harmed).toBe(2);
  });

  it('once, when connections are cut after the commit', async () => {
    await tracked.page.goto(tracked.site.url('/shop'));
    await track('Before');
    await expectStored(['Before']);
    const { harmed } = tracked.proxy;
    tracked.proxy.cut(1);
    await track('One', 'Two');
    await until(() => tracked.proxy.harmed - harmed === 1);
    await expectStored(['Before', 'One', 'Two']);
  });

  it('when something in between answers in the server’s place, which is told once', async () => {
    await tracked.page.goto(tracked.site.url('/shop'));
    await track('Before');
    await expectStored(['Before']);
    const { harmed } = tracked.proxy;
    const answers: [number, string][] = [
      [200, '<html>Sign in</html>'],
      [200, '{}'],
      [200, 'null'],
      [204, ''],
      [403, '{"message":"Forbidden"}'],
      [404, '{"error":{"code":404}}'],
    ];
    tracked.proxy.falsify(...answers);
    await track('One');
    for (const [place] of answers.entries()) {
      await until(() => tracked.proxy.harmed - harmed === place + 1);
      // The page is looked at again, which is sooner than the next try.
      await tracked.page.waitForTimeout(200);
      await tracked.page.evaluate(`dispatchEvent(new Event('online'))`);
    }
    await expectStored(['Before', 'One']);
    expect(tracked.warnings).toEqual(['analytics: no answer']);
  });

  it('when a request is never answered', async () => {
    // A part of the time that it's given, or else the test would take that.
    await tracked.context.addInitScript(`const { timeout } = AbortSignal;
      AbortSignal.timeout = (ms) => timeout.call(AbortSignal, ms / 10)`);
    await tracked.page.goto(tracked.site.url('/shop'));
    await track('Before');
    await expectStored(['Before']);
    tracked.proxy.silence(1);
    await track('One');
    await until(() => tracked.proxy.harmed > 0);
    await track('Two');
    await expectStored(['Before', 'One', 'Two']);
  });

  it('whatever else is kept under such names', async () => {
    await tracked.page.goto(tracked.site.url('/shop'));
    await track('Before');
    await expectStored(['Before']);
    await tracked.page
      .evaluate(`const kept = { 1: 'x', 2: 'null', 3: '{"type":', 4: '[]', 5: 'x'.repeat(60000),
      6: JSON.stringify({ type: 'track', event: 'Foreign', messageId: '6', timestamp: 'x'.repeat(60000) }) };
      for (const id in kept) localStorage['analytics:call:' + id] = kept[id]`);
    await tracked.page.goto(tracked.site.url('/next'));
    await track('One');
    await until(async () => (await names()).length === 2);
    // What might be another key's is left to it.
    const left = ['analytics:call:4', 'analytics:call:6'];
    await until(async () => (await tracked.kept()).keys.length === 3);
    expect((await tracked.kept()).keys.toSorted()).toEqual([...left, 'analytics:id']);
    expect(tracked.errors).toEqual([]);
  });

  it('when the page is left after something in between took them', async () => {
    const attributes = 'data-storage="none"';
    await tracked.page.goto(tracked.site.add('/shop', { attributes }));
    await track('Before');
    await expectStored(['Before']);
    const { harmed } = tracked.proxy;
    tracked.proxy.refuse(1);
    await track('One');
    await until(() => tracked.proxy.harmed - harmed === 1);
    await until(async () => tracked.warnings.length > 0);
    await tracked.page.evaluate(
      `document.addEventListener('visibilitychange', () => analytics.track('Two'))`,
    );
    await tracked.page.goto(tracked.site.url('/away'));
    await expectStored(['Before', 'One', 'Two']);
  });

  it('by pages of its own key, of which a site may have several', async () => {
    await tracked.page.goto(tracked.site.url('/shop'));
    await track('Before');
    await expectStored(['Before']);
    await tracked.context.setOffline(true);
    await track('One');
    const html = tracked.site.script().replace(/data-key="[^"]*"/, 'data-key="key-of-site-59"');
    const other = tracked.site.add('/blog', { html });
    const blog = await tracked.newPage();
    await closePage();
    await tracked.context.setOffline(false);
    tracked.page = blog;
    await blog.goto(other);
    await blog.waitForTimeout(1_500);
    await blog.goto(tracked.site.url('/shop'));
    await expectStored(['Before', 'One']);
    // Nor by the other's.
    const [stored] = await tracked.server.dataSource.query<{ count: string }[]>(
      `SELECT count(*) FROM events JOIN event_names ON event_names.id = name_id WHERE name = 'One'`,
    );
    expect(stored!.count).toBe('1');
  });

  it('however many earlier pages have left', async () => {
    await tracked.page.goto(tracked.site.url('/shop'));
    await track('Before');
    await expectStored(['Before']);
    await tracked.context.setOffline(true);
    await tracked.page.evaluate(`for (let n = 0; n < 900; n++) analytics.track('Much')`);
    const second = await tracked.newPage();
    await closePage();
    tracked.page = second;
    await tracked.context.setOffline(false);
    await second.goto(tracked.site.add('/second', { html: '<p>Text</p>' }));
    await second.evaluate(`for (let n = 0; n < 900; n++) {
      const [key] = Object.keys(localStorage).filter((one) => one.includes(':call:'));
      const id = 'more-' + n;
      localStorage['analytics:call:' + id] = JSON.stringify({ ...JSON.parse(localStorage[key]), messageId: id });
    }`);
    await second.goto(tracked.site.url('/third'));
    await expectStored(['Before', ...Array<string>(1_800).fill('Much')]);
  });

  it('once, when two tabs send the same', async () => {
    const other = await tracked.newPage();
    await tracked.page.goto(tracked.site.url('/one'));
    await other.goto(tracked.site.url('/two'));
    await until(async () => (await tracked.events('page')).length === 2);
    await tracked.context.setOffline(true);
    await track('One', 'Two');
    await other.evaluate(`analytics.track('Three')`);
    // A page that comes now finds what all others keep.
    const third = await tracked.newPage();
    await tracked.context.setOffline(false);
    await third.goto(tracked.site.url('/three'));
    await expectStored(['One', 'Two', 'Three']);
    await until(async () => (await tracked.events('page')).length === 3);
    const users = (await tracked.events()).map(({ user }) => user);
    expect(new Set(users).size).toBe(1);
  });

  it('by many requests, when it is much', async () => {
    await tracked.page.goto(tracked.site.url('/shop'));
    const sizes: number[] = [];
    tracked.page.on('request', (request) => sizes.push(request.postDataBuffer()?.length ?? 0));
    await tracked.page.evaluate(
      `for (let n = 0; n < 250; n++) analytics.track('Much', { n, text: 'ä'.repeat(n) })`,
    );
    await expectStored(Array(250).fill('Much'));
    expect(sizes.filter(Boolean).length).toBeGreaterThanOrEqual(3);
    expect(Math.max(...sizes)).toBeLessThan(64_000);
  });

  it('unless the server refuses it, which both say', async () => {
    await tracked.page.goto(tracked.site.url('/shop'));
    await tracked.page.evaluate(`analytics.track('x'.repeat(101)); analytics.track('Good')`);
    await expectStored(['Good']);
    await tracked.page.evaluate(`analytics.track('x'.repeat(101))`);
    await until(async () => !(await tracked.kept()).keys.some((key) => key.includes(':call:')));
    expect(tracked.warnings).toEqual([expect.stringMatching(/^analytics: event must be text of/)]);
    const log = (await (await tracked.server.get('/analytics/rejections')).json()) as {
      rejections: { code: string; route: string }[];
    };
    expect(log.rejections[0]).toMatchObject({
      code: 'invalid_event',
      route: 'POST /analytics.js',
    });
  });

  it('unless its key is not known: it is dropped, and told once', async () => {
    const html = tracked.site.script().replace(/data-key="[^"]*"/, 'data-key="another-key"');
    await tracked.page.goto(tracked.site.add('/shop', { html }));
    for (const name of ['One', 'Two']) {
      await track(name);
      await until(async () => !(await tracked.kept()).keys.some((key) => key.includes(':call:')));
    }
    expect(tracked.warnings).toEqual([expect.stringContaining('the key is not known')]);
    expect(await tracked.events()).toEqual([]);
  });

  it('by another address where the page names one', async () => {
    const attributes = `data-api="${tracked.server.base}/v1/batch"`;
    const policy = `default-src 'none'; script-src *; connect-src ${tracked.server.base}`;
    await tracked.page.goto(tracked.site.add('/shop', { attributes, policy }));
    await track('One');
    await expectStored(['One']);
  });
});
