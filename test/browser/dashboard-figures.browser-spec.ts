import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { startApplication, type TestApplication } from '../support/application.js';
import { importAccessLog } from '../support/browser/access-log.js';
import { launchChromium } from '../support/browser/chromium.js';
import { DashboardPage } from '../support/browser/dashboard-page.js';
import type { Answered } from '../support/analyst.js';
import { hasAccessLog } from '../support/sample-data.js';

/** A log of 2015 has many bots: with them its figures are those that others have counted. */
const DAYS = '?range=2015-05-19,2015-05-21&tz=UTC&bots=include';
const METRICS = ['unique_users', 'impressions', 'clicks', 'ctr', 'events'];
const PNG = Buffer.from('89504e470d0a1a0a', 'hex');

if (hasAccessLog) {
  describe("the dashboard on a real site's log", () => {
    let server: TestApplication;
    let browser: Browser;
    let dashboard: DashboardPage;

    beforeAll(async () => {
      server = await startApplication();
      await importAccessLog(server);
      browser = await launchChromium();
    });
    afterAll(async () => {
      await browser.close();
      await server.stop();
    });
    beforeEach(async () => {
      dashboard = await DashboardPage.open(browser, server.base, DAYS);
    });
    afterEach(async () => {
      await dashboard.close();
    });

    async function ask(query: object, path = 'query'): Promise<Answered> {
      const response = await server.post(`/analytics/${path}`, {
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ bots: 'include', ...query }),
      });
      return (await response.json()) as Answered;
    }

    const csvOf = async (query: object, path = 'query'): Promise<string> =>
      (
        await server.post(`/analytics/${path}?format=csv`, {
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify({ bots: 'include', ...query }),
        })
      ).text();

    const whole = (value: unknown): string => Number(value).toLocaleString('en-US');

    async function expectFigures(range: [string, string], more: object = {}): Promise<void> {
      const { totals } = await ask({ metrics: METRICS, date_range: range, ...more });
      for (const metric of ['unique_users', 'impressions', 'clicks', 'events']) {
        expect([metric, await dashboard.figure(metric)]).toEqual([metric, whole(totals[metric])]);
      }
    }

    it("shows the API's figures, and how they changed", async () => {
      await expectFigures(['2015-05-19', '2015-05-21']);
      expect(await dashboard.figure('unique_users')).toBe('761');
      expect(await dashboard.figure('ctr')).toBe('17.1%');
      const change = dashboard.page
        .locator('.figure', { hasText: 'Unique users' })
        .locator('.change');
      expect(await change.textContent()).toContain('18.5%, before: 642');
    });

    it('has the same in the table below the chart, by hour', async () => {
      await dashboard.page.getByText('The figures as a table').click();
      const dimensions = ['time:hour'];
      const [now, before] = await Promise.all(
        [
          ['2015-05-19', '2015-05-21'],
          ['2015-05-17', '2015-05-19'],
        ].map((range) => ask({ metrics: METRICS, date_range: range, dimensions })),
      );
      const rows = await dashboard.rows(/by hour/);
      expect(rows.map((cells) => cells.slice(1))).toEqual(
        now!.results.map((row, index) =>
          ['unique_users', 'impressions', 'clicks'].flatMap((metric) => [
            whole(row[metric]),
            whole(before!.results[index]![metric]),
          ]),
        ),
      );
      expect(rows[0]![0]).toBe('Tue, 19 May 2015, 00:00');
    });

    it('makes a row that is clicked a filter, and takes it back', async () => {
      await dashboard.goTo(`${DAYS}&by=property:path`);
      await dashboard.click('/projects/xdotool/');
      const filters = [['is', 'property:path', ['/projects/xdotool/']]];
      expect(JSON.parse(dashboard.search.get('filters')!)).toEqual(filters);
      await expectFigures(['2015-05-19', '2015-05-21'], { filters });
      await dashboard.click('Remove the filter path is /projects/xdotool/');
      await expectFigures(['2015-05-19', '2015-05-21']);
      await dashboard.page.goBack();
      await dashboard.settled();
      await expectFigures(['2015-05-19', '2015-05-21'], { filters });
    });

    it('takes a filter that is typed', async () => {
      await dashboard.click('Add a filter');
      await dashboard.page.getByLabel('Field', { exact: true }).fill('property:path');
      await dashboard.page.getByLabel('Test', { exact: true }).selectOption('matches');
      await dashboard.page.getByLabel('Value', { exact: true }).fill('/blog/*');
      await dashboard.page.getByRole('button', { name: 'Add', exact: true }).click();
      await dashboard.settled();
      const filters = [['matches', 'property:path', ['/blog/*']]];
      await expectFigures(['2015-05-19', '2015-05-21'], { filters });
    });

    it('zooms by dragging over the chart, to whole buckets', async () => {
      const chart = await dashboard.page.locator('.u-over').boundingBox();
      const { x, y, width, height } = chart!;
      await dashboard.page.mouse.move(x + width * 0.25, y + height / 2);
      await dashboard.page.mouse.down();
      await dashboard.page.mouse.move(x + width * 0.5, y + height / 2, { steps: 5 });
      await dashboard.page.mouse.up();
      await dashboard.page.waitForURL(/range=2015-05-19T/);
      await dashboard.settled();
      const range = dashboard.search.get('range')!.split(',') as [string, string];
      const hours = range.map((moment) => new Date(moment).toISOString().slice(11));
      expect(hours.every((time) => time.endsWith(':00:00.000Z'))).toBe(true);
      const length = (Date.parse(range[1]) - Date.parse(range[0])) / 3_600_000;
      // A quarter of 47 hours, and what is begun of the hours at both ends.
      expect(length).toBeGreaterThanOrEqual(12);
      expect(length).toBeLessThanOrEqual(14);
      await expectFigures(range);
      await dashboard.page.goBack();
      await dashboard.settled();
      await expectFigures(['2015-05-19', '2015-05-21']);
    });

    it('zooms by the keyboard, too', async () => {
      await dashboard.page.getByText('The figures as a table').click();
      await dashboard.page.getByRole('button', { name: 'Tue, 19 May 2015, 06:00' }).press('Enter');
      await dashboard.settled();
      await expectFigures(['2015-05-19T06:00:00Z', '2015-05-19T07:00:00Z']);
    });

    it('shows the same to whoever opens its URL, in another zone', async () => {
      await dashboard.goTo(`${DAYS}&by=property:path`);
      await dashboard.click('/projects/xdotool/');
      await dashboard.page.getByLabel('Time zone').fill('Asia/Kathmandu');
      await dashboard.page.getByLabel('Time zone').press('Enter');
      await dashboard.page.waitForURL(/Kathmandu/);
      await dashboard.click('New users');
      const seen = async (shown: DashboardPage): Promise<unknown> => [
        await Promise.all(METRICS.map((metric) => shown.figure(metric))),
        await shown.rows('Figures by path'),
        await shown.page.locator('.filters').innerText(),
        await shown.page.getByLabel('Time zone').inputValue(),
      ];
      const url = new URL(dashboard.page.url());
      const other = await DashboardPage.open(browser, server.base, url.search, {
        timezoneId: 'America/Los_Angeles',
        colorScheme: 'dark',
      });
      expect(await seen(other)).toEqual(await seen(dashboard));
      await expectFigures(['2015-05-19', '2015-05-21'], {
        timezone: 'Asia/Kathmandu',
        filters: JSON.parse(url.searchParams.get('filters')!),
      });
      await other.close();
    });

    it('follows the zone: its days are others', async () => {
      await dashboard.goTo(
        '?range=2015-05-18,2015-05-20&tz=America/Los_Angeles&interval=day&bots=include',
      );
      await expectFigures(['2015-05-18', '2015-05-20'], { timezone: 'America/Los_Angeles' });
    });

    it('gives the chart as CSV and as a picture', async () => {
      const csv = await dashboard.download('CSV of the figures over time');
      expect(csv.name).toBe('over-time.csv');
      expect(csv.bytes.toString()).toBe(
        await csvOf({
          metrics: METRICS,
          date_range: ['2015-05-19', '2015-05-21'],
          dimensions: ['time:hour'],
        }),
      );
      const png = await dashboard.download('PNG of the chart over time');
      expect(png.name).toBe('over-time.png');
      expect(png.bytes.subarray(0, 8)).toEqual(PNG);
      // Its width, from its header.
      expect(png.bytes.readUInt32BE(16)).toBeGreaterThan(600);
    });

    it('gives all of a breakdown as CSV, of which it shows the first rows', async () => {
      await dashboard.goTo(`${DAYS}&by=property:path`);
      expect(await dashboard.rows('Figures by path')).toHaveLength(10);
      const csv = await dashboard.download('CSV of the figures by path');
      const text = csv.bytes.toString();
      expect(text).toBe(
        await csvOf({
          metrics: ['unique_users', 'events', 'impressions', 'clicks', 'ctr'],
          date_range: ['2015-05-19', '2015-05-21'],
          dimensions: ['property:path'],
        }),
      );
      expect(text.trimEnd().split('\n').length).toBeGreaterThan(300);
      await dashboard.click('Show more');
      expect(await dashboard.rows('Figures by path')).toHaveLength(200);
    });

    it('shows a funnel as the API answers it, and another when its steps change', async () => {
      await dashboard.goTo(`${DAYS}&view=funnel&within=1h`);
      const query = { date_range: ['2015-05-19', '2015-05-21'], within: '1h' };
      const steps = [{ event: 'impression' }, { event: 'click' }];
      const { results } = await ask({ ...query, steps }, 'funnel');
      const users = async (): Promise<unknown> =>
        (await dashboard.rows('Steps of the funnel')).map((cells) => cells[1]);
      expect(await users()).toEqual(results.map((row) => whole(row['users'])));
      expect((await dashboard.download('PNG of the funnel')).bytes.subarray(0, 8)).toEqual(PNG);
      const csv = await dashboard.download('CSV of the funnel');
      expect(csv.bytes.toString()).toBe(await csvOf({ ...query, steps }, 'funnel'));
      await dashboard.click('Add a step');
      await dashboard.page.getByLabel('Step 3', { exact: true }).fill('impression');
      await dashboard.page.getByLabel('Step 3', { exact: true }).press('Enter');
      await dashboard.settled();
      const longer = await ask({ ...query, steps: [...steps, steps[0]] }, 'funnel');
      expect(await users()).toEqual(longer.results.map((row) => whole(row['users'])));
      expect(JSON.parse(dashboard.search.get('steps')!)).toEqual([
        'impression',
        'click',
        'impression',
      ]);
    });

    it('shows who came back as the API answers it', async () => {
      await dashboard.goTo('?range=2015-05-17,2015-05-21&tz=UTC&view=retention&bots=include');
      const query = { date_range: ['2015-05-17', '2015-05-21'], period: 'day' };
      const rows = await dashboard.rows('Retention by day');
      expect(rows.map((cells) => cells[1])).toEqual(['263', '379', '346', '301']);
      expect(rows[0]!.slice(2)).toEqual(['100%', '24.3%', '18.3%', '17.1%']);
      const csv = await dashboard.download('CSV of the retention');
      expect(csv.bytes.toString()).toBe(await csvOf(query, 'retention'));
    });

    it('says where there are events, when a range has none', async () => {
      await dashboard.goTo('?range=2014-05-17,2014-05-21&tz=UTC&bots=include');
      const text = dashboard.page.getByText('No events here.');
      expect(await text.textContent()).toContain('17 May 2015');
      await dashboard.click('Show all time');
      await expectFigures(['2015-05-17', '2015-05-21']);
    });
  });
}
