import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { Analyst } from '../support/analyst.js';
import { launchChromium } from '../support/browser/chromium.js';
import { DashboardPage } from '../support/browser/dashboard-page.js';

const DAYS = 30;
const EVENTS = 300_000;
const USERS = 20_000;
/** In which somebody sees and can use it. */
const LIMIT_MS = 1_000;
/** Other work on the machine isn't the page's. */
const TRIES = 12;

describe('the dashboard on 30 days of data', () => {
  let analyst: Analyst;
  let browser: Browser;

  beforeAll(async () => {
    analyst = await Analyst.start();
    await analyst.record([{ time: new Date().toISOString(), user: 'u-0', event: 'impression' }]);
    const { client } = analyst;
    await client.query(
      `INSERT INTO users (kind, id) SELECT 'known', 'u-' || number FROM generate_series(1, $1) AS number`,
      [USERS],
    );
    await client.query(
      `INSERT INTO events (time, id, user_seq, name_id, properties)
       SELECT date_trunc('milliseconds', now() - number * $1 * interval '1 day' / $2), gen_random_uuid(),
         (SELECT max(seq) FROM users) - number * 7919 % $3,
         (SELECT id FROM event_names WHERE name = CASE number % 9 WHEN 0 THEN 'click' ELSE 'impression' END),
         jsonb_build_object('path', '/' || number % 50)
       FROM generate_series(1, $2::bigint) AS number`,
      [DAYS, EVENTS, USERS],
    );
    await analyst.fold();
    browser = await launchChromium();
  }, 180_000);
  afterAll(async () => {
    await browser.close();
    await analyst.stop();
  });

  /** From the click on its link to figures, chart and breakdown. */
  async function openingMs(): Promise<number> {
    const dashboard = await DashboardPage.open(browser, analyst.server.base, '?range=1h', {});
    const { page } = dashboard;
    await page.goto(`${analyst.server.base}/dashboard?range=30d&tz=UTC`, { waitUntil: 'commit' });
    await page.getByRole('table', { name: 'Figures by event' }).waitFor();
    await page.locator('.u-over').waitFor();
    const ms = await page.evaluate<number>('performance.now()');
    expect(await dashboard.figure('events')).toMatch(/^30\d,\d{3}$|^29\d,\d{3}$/);
    await dashboard.close();
    return ms;
  }

  it('shows figures, chart and breakdown within a second', async () => {
    const times: number[] = [];
    while (times.length < TRIES && !times.some((ms) => ms < LIMIT_MS)) {
      times.push(await openingMs());
    }
    process.stderr.write(`The dashboard was open in ${times.map(Math.round).join(', ')} ms.\n`);
    expect(Math.min(...times)).toBeLessThan(LIMIT_MS);
  });
});
