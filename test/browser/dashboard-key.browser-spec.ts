import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { startApplication, type TestApplication } from '../support/application.js';
import { findBarriers } from '../support/browser/accessibility.js';
import { launchChromium } from '../support/browser/chromium.js';
import { makeKey } from '../support/keys.js';
import { until } from '../support/poll.js';

// In this order: keys are made, and one is taken back.
describe('the dashboard of a server that answers by keys', () => {
  let server: TestApplication;
  let browser: Browser;
  let page: Page;
  let key: { id: number; secret: string };
  const problems: string[] = [];

  beforeAll(async () => {
    server = await startApplication();
    await server.post('/analytics?user=u-7&event=click');
    const made = await makeKey(server, { kind: 'read' });
    key = { id: made.key.id, secret: made.secret };
    await until(async () => (await server.get('/analytics/events')).status === 401);
    browser = await launchChromium();
    page = await browser.newPage();
    page.on('pageerror', (error) => problems.push(String(error)));
  });
  afterAll(async () => {
    await browser.close();
    await server.stop();
  });

  const field = () => page.getByLabel('A key of kind read or admin');
  const give = async (text: string): Promise<void> => {
    await field().fill(text);
    await page.getByRole('button', { name: 'Open the dashboard' }).click();
  };

  it('asks for one, and keeps nobody out', async () => {
    await page.goto(`${server.base}/dashboard?range=7d`);
    await field().waitFor();
    expect(await findBarriers(page)).toEqual([]);
  });

  it('says so when it is wrong', async () => {
    await give('ua_read_wrong');
    await page.getByText('The key is not known, or it was revoked.').waitFor();
    expect(await findBarriers(page)).toEqual([]);
  });

  it('shows figures by it, and what arrives', async () => {
    await give(key.secret);
    await page
      .getByRole('region', { name: 'Events' })
      .or(page.getByText('Unique users'))
      .first()
      .waitFor();
    await page.getByRole('link', { name: 'Live' }).click();
    await page.getByRole('heading', { name: 'Live' }).first().waitFor();
    const { secret } = await makeKey(server, { kind: 'write' });
    await until(async () => {
      const response = await server.post('/analytics?user=u-8&event=click', {
        headers: { 'X-API-Key': secret },
      });
      return !response.headers.has('X-Analytics-Rejected');
    });
    await page.getByText('u-8').first().waitFor();
    // A link of the dashboard that is opened in this tab has it, and the address never.
    await page.reload();
    await page.getByRole('link', { name: 'People' }).click();
    await page.getByText('u-8').first().waitFor();
    expect(page.url()).not.toContain(key.secret);
  });

  it('asks again when it is revoked', async () => {
    await server.dataSource.query('UPDATE access_keys SET revoked_at = now() WHERE id = $1', [
      key.id,
    ]);
    await until(async () => {
      const headers = { 'X-API-Key': key.secret };
      return (await server.get('/analytics/events', { headers })).status === 401;
    });
    await page.getByRole('link', { name: 'Rejections' }).click();
    await page.getByText('The key is not known, or it was revoked.').waitFor();
    expect(problems).toEqual([]);
  });
});
