import { afterEach, beforeAll, afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { startApplication, type TestApplication } from '../support/application.js';
import { findBarriers } from '../support/browser/accessibility.js';
import { launchChromium } from '../support/browser/chromium.js';
import { DashboardPage } from '../support/browser/dashboard-page.js';
import { until } from '../support/poll.js';

let browser: Browser;
let server: TestApplication;
let dashboard: DashboardPage;

beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
});
beforeEach(async () => {
  server = await startApplication();
});
afterEach(async () => {
  await dashboard.close();
  await server.stop();
});

const sendClick = (user: string) => server.post(`/analytics?user=${user}&event=click`);

describe('a dashboard without any event', () => {
  beforeEach(async () => {
    dashboard = await DashboardPage.open(browser, server.base);
  });

  it('shows how the first one comes, and then figures by itself', async () => {
    const command = dashboard.page.getByLabel('A command that sends a click', { exact: true });
    const text = (await command.textContent())!;
    const [, url] = /^curl -X POST '(.+)'$/.exec(text)!;
    expect(await dashboard.page.locator('pre').first().textContent()).toContain(
      `<script defer src="${server.base}/analytics.js"></script>`,
    );
    expect(await findBarriers(dashboard.page)).toEqual([]);
    // What the command does.
    expect((await fetch(url!, { method: 'POST' })).status).toBe(204);
    await dashboard.page.locator('.value[data-metric="clicks"]').waitFor();
    expect(await dashboard.figure('clicks')).toBe('1');
    expect(await dashboard.figure('unique_users')).toBe('1');
  });

  it('has the other views, and each says what to do', async () => {
    for (const [view, text] of [
      ['Live', 'Nothing arrived since this page was opened'],
      ['People', 'Nobody is found'],
      ['Rejections', 'Nothing was rejected in the last 7 days'],
      ['Import', 'may be compressed by gzip'],
    ]) {
      await dashboard.page.getByRole('link', { name: view!, exact: true }).click();
      await dashboard.page.getByText(text!).waitFor();
    }
    expect(dashboard.search.get('view')).toBe('import');
  });
});

describe('a URL', () => {
  it.each([
    'filters=[["not"]]',
    'filters=[["and","x"]]',
    'view=people&user=.',
    'view=people&user=..',
    'view=people&user=',
    'view=funnel&steps=[]',
    'range=9999-12-01,9999-12-31',
    'range=2026-02-30,2026-03-01&tz=%2B05:30',
  ])('of %s shows something', async (search) => {
    await sendClick('1');
    dashboard = await DashboardPage.open(browser, server.base, `?${search}`);
    expect(await dashboard.page.locator('main section, main p').count()).toBeGreaterThan(0);
    expect(await dashboard.page.getByRole('alert').count()).toBe(0);
  });
});

describe('slow answers', () => {
  it('are waited for, however often figures would be brought up to date meanwhile', async () => {
    await sendClick('1');
    dashboard = await DashboardPage.open(browser, server.base, '?view=import');
    const { page } = dashboard;
    await page.clock.install();
    let asked = 0;
    let release!: () => void;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    await page.route('**/analytics/retention', async (route) => {
      asked += 1;
      await held;
      await route.continue();
    });
    await page.getByRole('link', { name: 'Retention' }).click();
    await until(() => asked === 1);
    await page.clock.runFor(120_000);
    expect(asked).toBe(1);
    release();
    await page.getByRole('table', { name: 'Retention by day' }).waitFor();
  });

  it('are told once they took too long, and not asked for again by themselves', async () => {
    await sendClick('1');
    dashboard = await DashboardPage.open(browser, server.base, '?view=import');
    const { page } = dashboard;
    await page.clock.install();
    let asked = 0;
    await page.route('**/analytics/retention', async (route) => {
      asked += 1;
      const json = { statusCode: 503, code: 'query_timeout', message: 'It took too long.' };
      await route.fulfill({ status: 503, headers: { 'Retry-After': '5' }, json });
    });
    await page.getByRole('link', { name: 'Retention' }).click();
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').textContent()).toContain('Choose a shorter range');
    await page.clock.runFor(120_000);
    expect(asked).toBe(1);
  });

  it('of what it is compared with, when they fail, are told', async () => {
    await sendClick('1');
    dashboard = await DashboardPage.open(browser, server.base, '?view=import');
    const { page } = dashboard;
    await page.route('**/analytics/query', async (route) => {
      const { date_range: range } = route.request().postDataJSON() as { date_range: string[] };
      const isBefore = Date.parse(range[1]!) < Date.now() - 3_600_000;
      await (isBefore
        ? route.fulfill({
            status: 422,
            json: { code: 'query_too_expensive', message: 'Too much.' },
          })
        : route.continue());
    });
    await page.getByRole('link', { name: 'Overview' }).click();
    await page.getByText('Too much.').waitFor();
    expect(await dashboard.figure('clicks')).toBe('1');
  });
});

describe('figures', () => {
  it('keep up with what arrives', async () => {
    await sendClick('1');
    dashboard = await DashboardPage.open(browser, server.base, '?range=24h');
    expect(await dashboard.figure('clicks')).toBe('1');
    await sendClick('2');
    await until(async () => (await dashboard.figure('clicks')) === '2', 45_000);
    expect(await dashboard.figure('unique_users')).toBe('2');
  });

  it('say how many events are of nobody', async () => {
    await sendClick('1');
    await server.post('/analytics?event=click', { headers: { 'Sec-GPC': '1' } });
    dashboard = await DashboardPage.open(browser, server.base, '?range=24h');
    expect(await dashboard.figure('events')).toBe('2');
    expect(await dashboard.figure('unique_users')).toBe('1');
    expect(await dashboard.page.locator('.figure .note').textContent()).toBe('1 of nobody');
  });
});

describe('events of bots', () => {
  it('are left out, which it says, and counted at a click', async () => {
    await sendClick('1');
    const bots = ['2', '3'].map((user) => ({ user, event: 'click', bot: true }));
    await server.post('/analytics/batch', {
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(bots),
    });
    dashboard = await DashboardPage.open(browser, server.base, '?range=24h');
    expect(await dashboard.figure('clicks')).toBe('1');
    const note = dashboard.page.locator('.bots');
    expect(await note.textContent()).toBe('2 events of bots are left out. Count them');
    expect(await findBarriers(dashboard.page)).toEqual([]);
    await note.getByRole('link').click();
    await until(async () => (await dashboard.figure('clicks')) === '3');
    expect(await dashboard.figure('unique_users')).toBe('3');
    await until(async () => (await note.count()) === 0);
    expect(await dashboard.page.getByLabel('Bots').inputValue()).toBe('include');
  });
});

describe('what goes wrong', () => {
  it('is told with what to do, and gone when it is', async () => {
    await sendClick('1');
    dashboard = await DashboardPage.open(browser, server.base, '?range=24h');
    await dashboard.page.route('**/analytics/query', (route) => route.abort());
    await dashboard.page.getByLabel('Bots').selectOption('include');
    const alert = dashboard.page.getByRole('alert').first();
    await alert.waitFor();
    expect(await alert.textContent()).toContain('The server does not answer.');
    expect(await alert.textContent()).toContain('It is tried again by itself.');
    expect(await findBarriers(dashboard.page)).toEqual([]);
    await dashboard.page.unroute('**/analytics/query');
    await until(async () => (await dashboard.page.getByRole('alert').count()) === 0);
    expect(await dashboard.figure('clicks')).toBe('1');
  });

  it('is a question that costs too much: the answer says what to ask instead', async () => {
    await server.stop();
    server = await startApplication({
      query: {
        maxRawRows: 1,
        maxBuckets: 1_000,
        maxResultRows: 1_000,
        timeoutMs: 5_000,
        cacheBytes: 1_000_000,
      },
    });
    for (const user of ['1', '2', '3']) await sendClick(user);
    dashboard = await DashboardPage.open(browser, server.base, '?range=24h&by=property:path');
    const panel = dashboard.page.getByRole('region', { name: 'By what' });
    expect(await panel.getByRole('alert').textContent()).toContain('Choose a shorter range');
    // The rest is there all the same.
    expect(await dashboard.figure('clicks')).toBe('3');
  });

  it('is a filter that the API refuses', async () => {
    await sendClick('1');
    const filters = encodeURIComponent('[["like","event",["a"]]]');
    dashboard = await DashboardPage.open(browser, server.base, `?range=24h&filters=${filters}`);
    const alert = dashboard.page.getByRole('alert').first();
    expect(await alert.textContent()).toContain('Change what it names');
    await dashboard.click(/^Remove the filter/);
    expect(await dashboard.figure('clicks')).toBe('1');
  });

  it('is a user whom nobody knows', async () => {
    await sendClick('1');
    dashboard = await DashboardPage.open(browser, server.base, '?view=people&user=nobody-1');
    expect(await dashboard.page.getByRole('alert').textContent()).toContain('No known user');
    await dashboard.page.getByRole('link', { name: 'All people' }).click();
    await dashboard.settled();
    expect(await dashboard.rows(/^People/)).toHaveLength(1);
  });
});

describe('colours', () => {
  it('are those of the system, until others are chosen, which stay', async () => {
    await sendClick('1');
    dashboard = await DashboardPage.open(browser, server.base, '', { colorScheme: 'dark' });
    const theme = () => dashboard.page.locator('html').getAttribute('data-theme');
    expect(await theme()).toBe('dark');
    await dashboard.click('Change to light colours');
    expect(await theme()).toBe('light');
    await dashboard.goTo('?view=import');
    expect(await theme()).toBe('light');
  });
});
