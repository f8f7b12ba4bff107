import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { elementsOf, TrackedBrowser, WITH_WINDOW } from '../support/browser/tracked.js';
import { until } from '../support/poll.js';

describe('pages and clicks', () => {
  let tracked: TrackedBrowser;

  beforeAll(async () => {
    tracked = await TrackedBrowser.start();
  });
  afterAll(() => tracked.stop());
  beforeEach(() => tracked.begin());
  afterEach(() => tracked.end());

  /** Paths of the views, once one of the last path is there. */
  async function viewsUpTo(last: string): Promise<unknown[]> {
    const paths = async () =>
      (await tracked.events('page')).map(({ properties }) => properties['path']);
    await until(async () => (await paths()).includes(last));
    return await paths();
  }

  it('a browser without a window is a bot, and one with a window is none', async () => {
    await tracked.page.goto(tracked.site.url('/person'));
    await viewsUpTo('/person');
    expect((await tracked.events()).map(({ bot }) => bot)).toEqual([false]);
    await tracked.context.close();
    await tracked.begin({ userAgent: WITH_WINDOW.replace('Chrome/', 'HeadlessChrome/') });
    await tracked.page.goto(tracked.site.url('/bot'));
    await viewsUpTo('/bot');
    expect((await tracked.events()).map(({ bot }) => bot)).toEqual([true]);
  });

  it('an application that changes its address has a view for each path', async () => {
    await tracked.page.goto(tracked.site.url('/app'));
    const turns = [
      `history.pushState({}, '', '/app/1')`,
      `history.pushState({}, '', '/app/1?sort=up')`,
      `history.pushState({}, '', '/app/1#part')`,
      `history.replaceState({}, '', '/app/2')`,
      `History.prototype.pushState.call(history, {}, '', '/app/3')`,
      `history.back()`,
      `history.forward()`,
      `location.hash = '#/route/3?token=secret'`,
      `location.hash = '#!route/4'`,
      `location.hash = '#part'`,
    ];
    for (const turn of turns) {
      await tracked.page.evaluate(turn);
      await tracked.page.waitForTimeout(100);
    }
    await tracked.page.evaluate(`analytics.page({ path: '/end' })`);
    expect(await viewsUpTo('/end')).toEqual([
      '/app',
      '/app/1',
      '/app/2',
      '/app/3',
      '/app/2',
      '/app/3',
      '/app/3#/route/3',
      '/app/3#!route/4',
      '/app/3',
      '/end',
    ]);
    expect(tracked.errors).toEqual([]);
  });

  it('the history works as it did', async () => {
    await tracked.page.goto(tracked.site.url('/app'));
    const state = await tracked.page.evaluate(
      `history.pushState({ n: 7 }, '', '/app/1'); [history.state.n, location.pathname]`,
    );
    expect(state).toEqual([7, '/app/1']);
    const failure = await tracked.page.evaluate(
      `try { history.pushState({}, '', 'https://elsewhere.example/') } catch (error) { error.name }`,
    );
    expect(failure).toBe('SecurityError');
  });

  it('are told by the page itself with data-pages="manual"', async () => {
    await tracked.page.goto(tracked.site.add('/app', { attributes: 'data-pages="manual"' }));
    await tracked.page.evaluate(`history.pushState({}, '', '/app/1')`);
    await tracked.page.evaluate(`analytics.page({ title: 'One', shelf: 3 })`);
    expect(await viewsUpTo('/app/1')).toEqual(['/app/1']);
    const [event] = await tracked.events('page');
    expect(event!.properties).toEqual({ path: '/app/1', title: 'One', shelf: 3 });
  });

  it('a page that comes back from the memory of the browser is seen again', async () => {
    const body = '<p data-analytics-impression="a">Text</p>';
    await tracked.page.goto(tracked.site.add('/kept', { body }));
    await until(async () => (await tracked.events('impression')).length === 1);
    // What a browser tells a page then. One that is driven by a program keeps none.
    await tracked.page
      .evaluate(`dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));
      dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))`);
    await until(async () => (await tracked.events('impression')).length === 2);
    expect(await viewsUpTo('/kept')).toEqual(['/kept', '/kept']);
  });

  it('a page that is loaded in advance is seen when somebody looks at it', async () => {
    await tracked.context.addInitScript(`window.early = true;
      Object.defineProperty(document, 'prerendering', { get: () => early });
      Object.defineProperty(document, 'hidden', { get: () => early });`);
    const body = '<p data-analytics-impression="a">Text</p>';
    await tracked.page.goto(tracked.site.add('/early', { body }));
    await tracked.page.evaluate(
      `history.replaceState({}, '', '/early/1'); analytics.track('Loaded')`,
    );
    await until(async () => (await tracked.events('Loaded')).length === 1);
    await tracked.page.waitForTimeout(1_200);
    expect(await tracked.events()).toHaveLength(1);
    await tracked.page.evaluate(`early = false;
      document.dispatchEvent(new Event('prerenderingchange'));
      document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))`);
    await until(async () => (await tracked.events('impression')).length === 1);
    expect(await viewsUpTo('/early/1')).toEqual(['/early/1']);
  });

  it('a referrer is told without its query, and only one of another origin', async () => {
    const link = `<meta name="referrer" content="unsafe-url"><a href="${tracked.site.url('/landed')}">Go</a>`;
    await tracked.page.goto(tracked.site.add('/from', { body: link }));
    const elsewhere = tracked.page.url().replace('127.0.0.1', 'localhost');
    await tracked.page.goto(`${elsewhere}?secret=1`);
    await tracked.page.click('a');
    await viewsUpTo('/landed');
    await tracked.page.evaluate(`location.href = '/inside'`);
    await viewsUpTo('/inside');
    const referrers = (await tracked.events('page')).map(({ properties }) => [
      properties['path'],
      properties['referrer'],
    ]);
    expect(referrers).toContainEqual(['/landed', elsewhere]);
    expect(referrers).toContainEqual(['/inside', undefined]);
  });

  it('clicks count for each marked element around them, by keyboard and middle button, too', async () => {
    const body = `<div data-analytics-click="outer" data-analytics-product-id="p-7">
      <button data-analytics-click="inner" data-analytics-impression-seconds="9"><i id="i">i</i></button></div>
      <p id="shadow" data-analytics-click="host"></p><p id="plain">-</p><button id="late">+</button>`;
    await tracked.page.goto(tracked.site.add('/clicks', { body }));
    await tracked.page.evaluate(`const root = shadow.attachShadow({ mode: 'open' });
      const button = document.createElement('button');
      button.dataset.analyticsClick = 'in shadow'; button.textContent = 's'; root.append(button);
      late.dataset.analyticsClick = 'late';
      document.addEventListener('click', (event) => event.stopImmediatePropagation(), true);`);
    await tracked.page.click('#i');
    await tracked.page.click('#plain');
    await tracked.page.click('#late', { button: 'middle' });
    await tracked.page.click('#late', { button: 'right' });
    await tracked.page.locator('#shadow button').press('Enter');
    await tracked.settled(6);
    const clicks = await tracked.events('click');
    expect(elementsOf(clicks, 'click').toSorted()).toEqual(
      ['inner', 'outer', 'late', 'in shadow', 'host'].toSorted(),
    );
    const outer = clicks.find(({ properties }) => properties['element'] === 'outer')!;
    expect(outer.properties).toEqual({ element: 'outer', path: '/clicks', productId: 'p-7' });
  });

  it('what was asked before the script was there is done then', async () => {
    const policy = `default-src 'none'; script-src 'unsafe-inline' *; connect-src *`;
    const html = `<!doctype html><title>Early</title><script>
      window.analytics = window.analytics || [];
      analytics.push(['identify', 'u-1', { plan: 'pro' }]);
      analytics.push(['track', 'Early', { n: 1 }]);
      analytics.push(['nonsense']);
      </script>${tracked.site.script()}${tracked.site.script()}<p>Text</p>`;
    await tracked.page.goto(tracked.site.add('/early', { html, policy }));
    await tracked.page.evaluate(`analytics.push(['track', 'Later'])`);
    await tracked.settled(4);
    const events = await tracked.events();
    expect(events.map(({ event }) => event).toSorted()).toEqual(
      ['Early', 'Later', 'identify', 'page'].toSorted(),
    );
    expect(new Set(events.map(({ user }) => user))).toEqual(new Set(['u-1']));
    expect(tracked.errors).toEqual([]);
  });
});
