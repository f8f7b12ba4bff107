import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { elementsOf, TrackedBrowser } from '../support/browser/tracked.js';
import { until } from '../support/poll.js';

describe('pages that make it hard for the tracker', () => {
  let tracked: TrackedBrowser;

  beforeAll(async () => {
    tracked = await TrackedBrowser.start();
  });
  afterAll(() => tracked.stop());
  beforeEach(() => tracked.begin());
  afterEach(() => tracked.end());

  const does = (code: string): Promise<unknown> => tracked.page.evaluate(code);

  const MARKED = '<p data-analytics-impression="a" data-analytics-click="a">Text</p>';

  it.each([
    [
      'throws when it is asked for',
      `Object.defineProperty(window, 'localStorage', { get() { throw new Error('no') } })`,
      'nobody',
    ],
    [
      'throws when something is written',
      `Storage.prototype.setItem = () => { throw new Error('full') };
       const real = localStorage;
       Object.defineProperty(window, 'localStorage', { value: new Proxy({}, {
         get: (_, key) => real[key], set() { throw new Error('full') }, deleteProperty: () => true }) })`,
      'nobody',
    ],
    [
      'is full',
      `localStorage.setItem('analytics:id', 'a-full');
       try { for (let size = 4e6; size >= 1; size = size / 2 | 0)
         for (let n = 0; n < 3; n++) localStorage.setItem('x' + size + n, 'x'.repeat(size)) } catch {}
       try { for (let n = 0; ; n++) localStorage.setItem('y' + n, '') } catch {}`,
      'a-full',
    ],
    ['is null', `Object.defineProperty(window, 'localStorage', { value: null })`, 'nobody'],
  ])('a storage that %s: events arrive', async (_, script, user) => {
    await tracked.context.addInitScript(script);
    await tracked.page.goto(tracked.site.add('/shop', { body: MARKED }));
    await does(`analytics.track('One'); analytics.identify('u-1'); analytics.reset()`);
    await until(async () => (await tracked.events('One')).length === 1);
    await until(async () => (await tracked.events('impression')).length === 1);
    expect((await tracked.events('One'))[0]!.user ?? 'nobody').toBe(user);
    expect(tracked.errors).toEqual([]);
  });

  it('a frame without an origin is nobody’s', async () => {
    const inner = `${tracked.site.script()}${MARKED}`.replaceAll('"', '&quot;');
    const html = `<!doctype html><title>Frame</title><iframe sandbox="allow-scripts" width="400"
      height="300" srcdoc="${inner}"></iframe>`;
    await tracked.page.goto(tracked.site.add('/frame', { html }));
    await until(async () => (await tracked.events('impression')).length === 1);
    expect((await tracked.events()).map(({ seq }) => seq)).toEqual([0, 0]);
    expect(tracked.errors).toEqual([]);
  });

  it('properties that are no JSON are told to the console, and the rest goes on', async () => {
    await tracked.page.goto(tracked.site.url('/shop'));
    const result = await does(`(() => {
      const circle = {}; circle.circle = circle;
      analytics.track('Circle', circle);
      analytics.track('Big', { n: 1n });
      analytics.track('Getter', { get n() { throw new Error('mine') } });
      analytics.track('Large', { text: 'x'.repeat(40000) });
      analytics.track('Umlauts', { text: 'ä'.repeat(16500) });
      analytics.track('Fits', { text: 'ä'.repeat(16000) });
      analytics.page(circle);
      analytics.identify('u-1', circle);
      analytics.push();
      analytics.push(['no such']);
      analytics.push(7);
      return analytics.track('Good');
    })()`);
    expect(result).toBeUndefined();
    await until(async () => (await tracked.events('Good')).length === 1);
    expect((await tracked.events()).map(({ event }) => event).toSorted()).toEqual([
      'Fits',
      'Good',
      'page',
    ]);
    expect(tracked.warnings).toHaveLength(10);
    expect(tracked.warnings[0]).toContain('circular');
    expect(tracked.errors).toEqual([]);
  });

  it('Trusted Types, and a policy that allows nothing else', async () => {
    const policy = `${tracked.site.strictPolicy()}; require-trusted-types-for 'script'; trusted-types 'none'`;
    const violations: string[] = [];
    tracked.page.on('console', (message) => {
      if (message.type() === 'error') violations.push(message.text());
    });
    await tracked.page.goto(tracked.site.add('/strict', { body: MARKED, policy }));
    await until(async () => (await tracked.events('impression')).length === 1);
    // The page's own icon is all that is refused.
    expect(violations.filter((text) => !text.includes('data:,'))).toEqual([]);
    expect(tracked.errors).toEqual([]);
  });

  it('a policy that lets it send nothing: the page is none the worse', async () => {
    const policy = `default-src 'none'; script-src *; connect-src 'none'`;
    await tracked.page.goto(tracked.site.add('/mute', { body: MARKED, policy }));
    await does(`addEventListener('unhandledrejection', (event) => { throw event.reason });
      analytics.track('One')`);
    await tracked.page.waitForTimeout(1_500);
    await tracked.page.goto(tracked.site.url('/away'));
    // It waited in the storage.
    await until(async () => (await tracked.events('One')).length === 1);
    expect(tracked.errors).toEqual([]);
  });

  it.each([
    ['another that is called so', 'window.analytics = { track() { window.asked = true } }', []],
    [
      'what another SDK has its calls kept in',
      'window.analytics = Object.assign([], { track() { window.asked = true } })',
      [],
    ],
    ['another without such methods', 'window.analytics = { logEvent() {} }', []],
    ['an element of that name', '', ['page']],
  ])('%s', async (_, script, expected) => {
    await tracked.context.addInitScript(script);
    const body = '<p id="analytics">Text</p>';
    await tracked.page.goto(tracked.site.add('/named', { body }));
    await does(`analytics.track?.('Mine')`);
    await tracked.page.goto('about:blank');
    await until(async () => (expected.length === 0 ? true : (await tracked.events()).length === 2));
    expect((await tracked.events('page')).map(({ event }) => event)).toEqual(expected);
    expect(tracked.errors).toEqual([]);
  });

  it('a page that adds to what all objects have, and writes dates its own way', async () => {
    await tracked.context.addInitScript(`Object.prototype.clone = function () {};
      Date.prototype.toJSON = () => 'today'`);
    await tracked.page.goto(tracked.site.add('/patched', { body: MARKED }));
    await until(async () => (await tracked.events('impression')).length === 1);
    expect(await tracked.events('page')).toHaveLength(1);
    expect(tracked.warnings).toEqual([]);
  });

  it('is never in the way of a page with a thousand marked elements', async () => {
    const marked = Array.from(
      { length: 1_000 },
      (_, n) => `<p data-analytics-impression="e${n}" data-analytics-click="e${n}">${n}</p>`,
    );
    // Whose the time of a frame was is told of scripts that came with CORS.
    const attributes = 'crossorigin';
    await tracked.context.addInitScript(`window.work = [];
      new PerformanceObserver((list) => {
        for (const { scripts } of list.getEntries()) {
          for (const { sourceURL, duration, invoker } of scripts) work.push({ sourceURL, duration, invoker });
        }
      }).observe({ type: 'long-animation-frame', buffered: true });
      addEventListener('DOMContentLoaded', () => {
        const until = performance.now() + 60;
        while (performance.now() < until);
      });`);
    await tracked.page.goto(tracked.site.add('/long', { body: marked.join(''), attributes }));
    await until(async () => (await tracked.events('impression')).length > 5);
    await does(`(async () => {
      for (let n = 0; n < 20; n++) {
        scrollBy(0, 400);
        history.pushState({}, '', '/long/' + n);
        document.querySelectorAll('p')[n].click();
        const p = document.createElement('p');
        p.dataset.analyticsImpression = 'more' + n;
        document.body.append(p);
        await new Promise(requestAnimationFrame);
      }
    })()`);
    await until(async () => elementsOf(await tracked.events(), 'click').length === 20);
    type Work = { sourceURL: string; duration: number; invoker: string };
    const work = (await does('work')) as Work[];
    // The page's own is told: the tracker's would be as well.
    expect(work.some(({ duration }) => duration >= 60)).toBe(true);
    const own = work.filter(({ sourceURL }) => sourceURL.endsWith('/analytics.js'));
    expect(own.filter(({ duration }) => duration > 50)).toEqual([]);
    expect(tracked.errors).toEqual([]);
  });
});
