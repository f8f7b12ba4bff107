import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TrackedBrowser } from '../support/browser/tracked.js';
import { holdsText } from '../support/holds-text.js';
import { until } from '../support/poll.js';
import { storedMerges, traitsOf } from '../support/segment.js';

describe('who the tracker takes a visitor for', () => {
  let tracked: TrackedBrowser;

  beforeAll(async () => {
    tracked = await TrackedBrowser.start();
  });
  afterAll(() => tracked.stop());
  beforeEach(() => tracked.begin());
  afterEach(() => tracked.end());

  const does = (code: string): Promise<unknown> => tracked.page.evaluate(code);

  it('somebody without a name, the same on all pages, until they have one', async () => {
    await tracked.page.goto(tracked.site.url('/1'));
    await tracked.page.goto(tracked.site.url('/2'));
    await does(`analytics.identify('u-1', { plan: 'pro' })`);
    await does(`analytics.track('Bought')`);
    await tracked.page.goto(tracked.site.url('/3'));
    const events = await tracked.settled(5);
    const visitor = events[0]!.user!;
    expect(visitor).toMatch(/^\d+-\d+-\d+-\d+$/);
    expect(events.map(({ user, kind }) => `${kind} ${user}`).toSorted()).toEqual(
      [
        `anonymous ${visitor}`,
        `anonymous ${visitor}`,
        'known u-1',
        'known u-1',
        'known u-1',
      ].toSorted(),
    );
    const { dataSource } = tracked.server;
    expect(await storedMerges(dataSource)).toEqual([`${visitor} -> u-1`]);
    expect(await traitsOf(dataSource, 'u-1')).toEqual({ plan: 'pro' });
    expect((await tracked.kept()).cookies).toBe(0);
  });

  it('somebody else after a reset', async () => {
    await tracked.page.goto(tracked.site.url('/1'));
    await does(`analytics.identify(7); analytics.reset(); analytics.track('After')`);
    const events = await tracked.settled(3);
    const users = Object.fromEntries(
      events.map(({ event, user, kind }) => [event, { user, kind }]),
    );
    expect(users['identify']).toEqual({ user: '7', kind: 'known' });
    expect(users['After']!.kind).toBe('anonymous');
    expect(users['After']!.user).not.toBe(users['page']!.user);
  });

  it('whom it was, where traits alone are told, and nobody’s name is what is none', async () => {
    await tracked.page.goto(tracked.site.url('/1'));
    await does(`analytics.identify('u-3'); analytics.identify({ plan: 'pro' });
      analytics.identify(null, { seats: 3 });
      for (const id of [true, false, '', 'x'.repeat(256), 'a\\nb', Symbol('s')]) analytics.identify(id);
      analytics.identify(['u-4']); analytics.track('After')`);
    await until(async () => (await tracked.events('After')).length === 1);
    const users = (await tracked.events()).filter(({ kind }) => kind === 'known');
    expect(new Set(users.map(({ user }) => user))).toEqual(new Set(['u-3']));
    expect(await traitsOf(tracked.server.dataSource, 'u-3')).toEqual({ plan: 'pro', seats: 3 });
    expect(await does(`localStorage.getItem('analytics:user')`)).toBe('u-3');
    expect(tracked.warnings.filter((text) => text === 'analytics: no user')).toHaveLength(5);
    expect(tracked.errors).toEqual([]);
  });

  it('the same in all tabs, which learn of each other', async () => {
    await tracked.page.goto(tracked.site.url('/1'));
    const other = await tracked.newPage();
    await other.goto(tracked.site.url('/2'));
    await other.evaluate(`analytics.identify('u-2')`);
    await does(`analytics.track('Here')`);
    await tracked.settled(4);
    expect((await tracked.events('Here'))[0]).toMatchObject({ user: 'u-2', kind: 'known' });
    expect(await storedMerges(tracked.server.dataSource)).toHaveLength(1);
  });

  describe.each([
    [
      'by Global Privacy Control',
      'Object.defineProperty(Navigator.prototype, "globalPrivacyControl", { get: () => true })',
      { 'Sec-GPC': '1' },
      '',
    ],
    [
      'by Global Privacy Control, without its header',
      'Object.defineProperty(Navigator.prototype, "globalPrivacyControl", { get: () => true })',
      {},
      '',
    ],
    [
      'by Do Not Track',
      'Object.defineProperty(Navigator.prototype, "doNotTrack", { get: () => "1" })',
      {},
      '',
    ],
    ['by the word of the page', '', {}, 'data-storage="none"'],
  ] as const)('nobody %s', (_, script, headers, attributes) => {
    it('whose events are counted, and of whom nothing is kept anywhere', async () => {
      await tracked.context.addInitScript(script);
      await tracked.context.setExtraHTTPHeaders(headers);
      const body = '<p data-analytics-impression="a" data-analytics-click="a">Text</p>';
      await tracked.page.goto(tracked.site.add('/1', { body, attributes }));
      await does(`analytics.identify('u-9', { email: 'u-9@example.com' })`);
      await tracked.page.click('p');
      await until(async () => (await tracked.events('impression')).length === 1);
      expect(await tracked.kept()).toEqual({ keys: [], cookies: 0 });
      await does(`analytics.track('Left', { n: 1 }); location.href = '/away'`);
      await tracked.page.waitForURL(tracked.site.url('/away'));
      await until(async () => (await tracked.events('Left')).length === 1);
      const events = (await tracked.events()).filter(
        ({ properties }) => properties['path'] === '/1',
      );
      expect(events.map(({ event, seq }) => `${event} ${seq}`).toSorted()).toEqual(
        ['Left 0', 'click 0', 'impression 0', 'page 0'].toSorted(),
      );
      expect(await holdsText(tracked.server.dataSource, 'u-9')).toEqual([]);
      expect(await tracked.figures()).toEqual({ unique_users: 0, clicks: 1, impressions: 1 });
    });
  });

  it('nobody from now on, who was somebody before: what was kept is gone', async () => {
    await tracked.page.goto(tracked.site.url('/1'));
    await does(`localStorage.setItem('own', 'kept'); localStorage['analytics:consent'] = 'no';
      localStorage['analytics:call:1'] = '{}'; localStorage['analytics:user'] = 'u-5'`);
    expect((await tracked.kept()).keys).toContain('analytics:id');
    await tracked.page.goto(tracked.site.add('/2', { attributes: 'data-storage="none"' }));
    expect((await tracked.kept()).keys.toSorted()).toEqual(['analytics:consent', 'own']);
  });

  it('nobody by the header alone, whatever the page believes', async () => {
    await tracked.context.setExtraHTTPHeaders({ 'Sec-GPC': '1' });
    await tracked.page.goto(tracked.site.url('/1'));
    await does(`analytics.identify('u-8', { plan: 'pro' })`);
    const events = await tracked.settled(2);
    expect(events.map(({ seq }) => seq)).toEqual([0, 0]);
    expect(await holdsText(tracked.server.dataSource, 'u-8')).toEqual([]);
  });
});
