import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '../support/poll.js';
import { elementsOf, TrackedBrowser } from '../support/browser/tracked.js';
import { expectedImpressions, GALLERY, SCROLL } from '../support/browser/gallery.js';

describe('impressions', () => {
  let tracked: TrackedBrowser;

  beforeAll(async () => {
    tracked = await TrackedBrowser.start();
  });
  afterAll(() => tracked.stop());
  beforeEach(() => tracked.begin());
  afterEach(() => tracked.end());

  /** Of the page, once all that it waits with has been sent. */
  async function impressions(): Promise<string[]> {
    await tracked.page.goto(tracked.site.url('/away'));
    await until(async () => (await tracked.events('page')).some(isAway));
    return elementsOf(await tracked.events(), 'impression');
  }

  const isAway = ({ properties }: { properties: Record<string, unknown> }): boolean =>
    properties['path'] === '/away';

  it('are those of twenty elements that the rule gives, at whatever speed the page is scrolled', async () => {
    await tracked.page.goto(tracked.site.add('/gallery', { body: GALLERY }));
    const samples = await tracked.page.evaluate<Parameters<typeof expectedImpressions>[0]>(SCROLL);
    const { counted, missed, unclear } = expectedImpressions(samples);
    expect(counted.length + missed.length + unclear.length).toBe(20);
    // A machine that is busy makes pauses longer than they should be.
    expect(unclear.length).toBeLessThanOrEqual(2);
    expect(counted.length).toBeGreaterThanOrEqual(6);
    expect(missed.length).toBeGreaterThanOrEqual(6);
    const stored = (await impressions()).filter((one) => !unclear.includes(one));
    expect(stored.toSorted()).toEqual(counted.toSorted());
    expect(tracked.errors).toEqual([]);
  });

  it('count what is all in view, whatever ratio it has to be', async () => {
    const ratios = Array.from({ length: 19 }, (_, index) => String((index + 1) / 20));
    const item = (ratio: string): string => `<canvas width="30" height="37"
      data-analytics-impression="${ratio}" data-analytics-impression-ratio="${ratio}"></canvas>`;
    await tracked.page.goto(tracked.site.add('/ratios', { body: ratios.map(item).join('') }));
    await until(async () => (await tracked.events('impression')).length >= ratios.length);
    expect((await impressions()).toSorted()).toEqual(ratios.toSorted());
  });

  it('count what is cut off at just the ratio that it needs, and nothing below', async () => {
    const ratios = [0.1, 0.3, 0.55, 0.7, 0.9];
    const column = (ratio: number, shown: number): string =>
      `<div style="display:inline-block;overflow:hidden;width:20px;height:${shown}px"><canvas width="20"
        height="200" data-analytics-impression="${ratio} ${shown}"
        data-analytics-impression-ratio="${ratio}"></canvas></div>`;
    const enough = ratios.map((ratio) => Math.round(ratio * 200));
    const body = enough.flatMap((height, index) =>
      [height, height - 2].map((shown) => column(ratios[index]!, shown)),
    );
    const policy = `${tracked.site.strictPolicy()}; style-src 'unsafe-inline'`;
    await tracked.page.goto(tracked.site.add('/cut', { body: body.join(''), policy }));
    await until(async () => (await tracked.events('impression')).length >= ratios.length);
    expect((await impressions()).toSorted()).toEqual(
      ratios.map((ratio, index) => `${ratio} ${enough[index]}`).toSorted(),
    );
  });

  it('are none of what can’t be seen where it is, until it can', async () => {
    const body = `<p id="a" data-analytics-impression="a" style="visibility:hidden">Text</p>
      <div id="b" style="opacity:0"><p data-analytics-impression="b">Text</p></div>
      <p id="c" data-analytics-impression="c" style="opacity:0">Text</p>
      <p id="d" data-analytics-impression="d">Text</p>
      <p data-analytics-impression="e">Text</p>`;
    const policy = `${tracked.site.strictPolicy()}; style-src 'unsafe-inline'`;
    await tracked.page.goto(tracked.site.add('/hidden', { body, policy }));
    // One is hidden before its second is over.
    await tracked.page.evaluate(`d.style.opacity = 0`);
    await until(async () => (await tracked.events('impression')).length >= 1);
    await tracked.page.waitForTimeout(1_500);
    expect(elementsOf(await tracked.events(), 'impression')).toEqual(['e']);
    await tracked.page.evaluate(`a.style.visibility = 'visible'; b.style.opacity = 0.5`);
    await until(async () => (await tracked.events('impression')).length >= 3);
    expect(await impressions()).toEqual(['e', 'a', 'b']);
  });

  it('count what is faded in, from then on, and nothing that is below the window', async () => {
    const body = `<p id="a" data-analytics-impression="a" style="opacity:0">Text</p>
      <canvas width="20" height="2000"></canvas>
      <p data-analytics-impression="b" data-analytics-impression-ratio="0.0001">Text</p>`;
    const policy = `${tracked.site.strictPolicy()}; style-src 'unsafe-inline'`;
    await tracked.page.goto(tracked.site.add('/fade', { body, policy }));
    await tracked.page.evaluate(`new Promise((resolve) => setTimeout(() => {
      a.style.opacity = 1; setTimeout(resolve, 1500) }, 300))`);
    expect(await impressions()).toEqual(['a']);
  });

  it('ripen while a page sets the same attributes again and again', async () => {
    const body = '<p id="p" data-analytics-impression="a">Text</p>';
    await tracked.page.goto(tracked.site.add('/redrawn', { body }));
    await tracked.page.evaluate(`setInterval(() => {
      p.setAttribute('data-analytics-impression', 'a');
      p.setAttribute('data-analytics-impression-seconds', '1');
    }, 50)`);
    await until(async () => (await tracked.events('impression')).length === 1);
    expect(await impressions()).toEqual(['a']);
  });

  it('say which element, where, and what its attributes tell', async () => {
    const body = `<p data-analytics-impression="promo-7" data-analytics-campaign="spring"
      data-analytics-list-position="3" data-analytics-click="no">Text</p>`;
    await tracked.page.goto(tracked.site.add('/promo', { body }));
    await until(async () => (await tracked.events('impression')).length > 0);
    const [event] = await tracked.events('impression');
    expect(event).toMatchObject({ kind: 'anonymous', source: tracked.source });
    expect(event!.properties).toEqual({
      element: 'promo-7',
      path: '/promo',
      campaign: 'spring',
      listPosition: '3',
    });
  });

  it('are none while the page is in the background', async () => {
    const body = '<p data-analytics-impression="a">Text</p>';
    const hide = `Object.defineProperty(document, 'hidden', { get: () => window.away, configurable: true });
      window.away = true;`;
    await tracked.context.addInitScript(hide);
    await tracked.page.goto(tracked.site.add('/tab', { body }));
    await tracked.page.waitForTimeout(1_300);
    const turn = (away: boolean): Promise<unknown> =>
      tracked.page.evaluate(
        `window.away = ${away}; document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))`,
      );
    // Seen for a part of a second twice: no second without a break.
    for (let times = 0; times < 2; times += 1) {
      await turn(false);
      await tracked.page.waitForTimeout(600);
      await turn(true);
      await tracked.page.waitForTimeout(200);
    }
    await tracked.settled(1);
    expect(await tracked.events('impression')).toEqual([]);
    await turn(false);
    await until(async () => (await tracked.events('impression')).length === 1);
  });

  it('are counted once a page view, and anew in the next', async () => {
    const body =
      '<p data-analytics-impression="a">Text</p><p data-analytics-impression="b">Text</p>';
    await tracked.page.goto(tracked.site.add('/list', { body }));
    await until(async () => (await tracked.events('impression')).length === 2);
    await tracked.page.evaluate(`const [p] = document.querySelectorAll('p');
      p.hidden = true; setTimeout(() => p.hidden = false, 200)`);
    await tracked.page.waitForTimeout(1_500);
    await tracked.page.evaluate(`history.pushState({}, '', '/list/2')`);
    await until(async () => (await tracked.events('impression')).length === 4);
    await tracked.page.evaluate('analytics.page()');
    await until(async () => (await tracked.events('impression')).length === 6);
    const seen = (await tracked.events('impression')).map(
      ({ properties: { element, path } }) => `${element as string} ${path as string}`,
    );
    expect(seen.toSorted()).toEqual(
      ['a /list', 'b /list', 'a /list/2', 'b /list/2', 'a /list/2', 'b /list/2'].toSorted(),
    );
  });

  it('follow elements that come, go and change', async () => {
    const body = `<p id="p" data-analytics-impression="a">Text</p><div id="list"></div>`;
    await tracked.page.goto(tracked.site.add('/list', { body }));
    await until(async () => (await tracked.events('impression')).length === 1);
    // Another value is another impression, the same one isn't.
    await tracked.page.evaluate(`p.setAttribute('data-analytics-impression', 'b')`);
    await until(async () => (await tracked.events('impression')).length === 2);
    await tracked.page.evaluate(`p.setAttribute('data-analytics-impression', 'a');
      for (const name of ['gone', 'unmarked', 'slow', 'quick']) {
        const one = document.createElement('p');
        one.textContent = one.id = name;
        one.dataset.analyticsImpression = name;
        const around = document.createElement('div');
        around.append(one);
        list.append(around);
      }
      slow.dataset.analyticsImpressionSeconds = '60';
      setTimeout(() => { gone.remove(); unmarked.removeAttribute('data-analytics-impression'); }, 500);`);
    await until(async () => (await tracked.events('impression')).length === 3);
    await tracked.page.evaluate(`slow.dataset.analyticsImpressionSeconds = '0.1';
      slow.dataset.analyticsImpression = 'slower'`);
    await until(async () => (await tracked.events('impression')).length === 4);
    expect(await impressions()).toEqual(['a', 'b', 'quick', 'slower']);
  });

  it('go by the script’s thresholds where an element has none', async () => {
    const body = `<p data-analytics-impression="a">Text</p>
      <p data-analytics-impression="b" data-analytics-impression-seconds="60">Text</p>
      <p data-analytics-impression="c" data-analytics-impression-seconds="x">Text</p>`;
    const attributes = 'data-impression-seconds="0.2" data-impression-ratio="1"';
    await tracked.page.goto(tracked.site.add('/quick', { body, attributes }));
    await until(async () => (await tracked.events('impression')).length >= 1);
    // What can't be read is as if it weren't there: the usual second.
    await until(async () => (await tracked.events('impression')).length >= 2);
    expect(await impressions()).toEqual(['a', 'c']);
  });
});
