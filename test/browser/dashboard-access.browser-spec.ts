import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { startApplication, type TestApplication } from '../support/application.js';
import { findBarriers } from '../support/browser/accessibility.js';
import { launchChromium } from '../support/browser/chromium.js';
import { DashboardPage } from '../support/browser/dashboard-page.js';
import { HOSTILE, sendSampleEvents } from '../support/browser/sample-events.js';

const VIEWS = {
  overview: '?range=7d',
  'a breakdown': '?range=7d&by=property:path&filters=[["is","event",["impression"]]]',
  funnel: '?view=funnel&range=7d',
  retention: '?view=retention&range=7d',
  live: '?view=live',
  people: '?view=people',
  'a user': '?view=people&user=u-1',
  rejections: '?view=rejections',
  import: '?view=import',
};
const PHONE = { width: 390, height: 844 };

let server: TestApplication;
let browser: Browser;

beforeAll(async () => {
  server = await startApplication();
  await sendSampleEvents(server);
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
  await server.stop();
});

describe.each(Object.entries(VIEWS))('the view %s', (_, search) => {
  it.each(['light', 'dark'] as const)('keeps nobody out, in %s colours', async (colorScheme) => {
    const dashboard = await DashboardPage.open(browser, server.base, search, { colorScheme });
    expect(await findBarriers(dashboard.page)).toEqual([]);
    await dashboard.close();
  });

  it('fits a phone', async () => {
    const dashboard = await DashboardPage.open(browser, server.base, search, { viewport: PHONE });
    const width = await dashboard.page.evaluate<number>('document.documentElement.scrollWidth');
    expect(width).toBe(PHONE.width);
    expect(await findBarriers(dashboard.page)).toEqual([]);
    await dashboard.close();
  });

  it('takes names for text, whatever they are', async () => {
    const dashboard = await DashboardPage.open(browser, server.base, search);
    expect(await dashboard.page.title()).not.toContain('broken');
    expect(await dashboard.page.locator('main img, main script').count()).toBe(0);
    await dashboard.close();
  });
});

describe('hostile names', () => {
  it('are shown as they are, and are links and filters like any other', async () => {
    const dashboard = await DashboardPage.open(
      browser,
      server.base,
      '?range=7d&by=property:path&tz=UTC',
    );
    await dashboard.click(HOSTILE);
    expect(await dashboard.page.locator('.filters').innerText()).toContain(`path is ${HOSTILE}`);
    expect(await dashboard.figure('unique_users')).toBe('1');
    await dashboard.goTo(`?view=people&user=${encodeURIComponent(HOSTILE)}`);
    expect(await dashboard.page.getByRole('heading', { name: HOSTILE }).count()).toBe(2);
    expect(await dashboard.page.title()).toBe(`${HOSTILE} – User Analytics`);
    await dashboard.close();
  });
});

describe('the keyboard alone', () => {
  it('reaches a view, a figure and a filter', async () => {
    const dashboard = await DashboardPage.open(browser, server.base, '?range=7d&tz=UTC');
    const { page } = dashboard;
    const focused = (): Promise<string> =>
      page.evaluate<string>(
        `document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent`,
      );
    const tabTo = async (name: string): Promise<void> => {
      for (let count = 0; count < 60; count += 1) {
        await page.keyboard.press('Tab');
        if ((await focused()).startsWith(name)) return;
      }
      throw new Error(`Tab does not reach ${name}`);
    };
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('To the figures');
    await tabTo('Click rate');
    await page.keyboard.press('Space');
    await dashboard.settled();
    expect(dashboard.search.get('metrics')).toBe('unique_users,impressions,clicks,ctr');
    await tabTo('impression');
    await page.keyboard.press('Enter');
    await dashboard.settled();
    expect(dashboard.search.get('filters')).toBe('[["is","event",["impression"]]]');
    // What was reached keeps the focus while figures change around it.
    expect(await focused()).toBe('impression');
    await page.getByRole('button', { name: /^Remove the filter/ }).press('Enter');
    await dashboard.settled();
    expect(await focused()).toBe('Add a filter');
    await page.getByRole('button', { name: 'New users' }).press('Enter');
    await dashboard.settled();
    expect(await focused()).toBe('New users');
    await page.getByText('The figures as a table').press('Enter');
    await page.getByRole('row').nth(1).getByRole('button').press('Enter');
    await dashboard.settled();
    expect(await focused()).toBe('The figures as a table');
    await page.getByRole('table', { name: /by hour/ }).waitFor();
    await dashboard.goTo('');
    await tabTo('Retention');
    await page.keyboard.press('Enter');
    await dashboard.settled();
    expect(dashboard.search.get('view')).toBe('retention');
    await dashboard.close();
  });
});
