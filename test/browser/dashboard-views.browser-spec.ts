import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import { startApplication, type TestApplication } from '../support/application.js';
import { launchChromium } from '../support/browser/chromium.js';
import { DashboardPage } from '../support/browser/dashboard-page.js';
import { sendSampleEvents } from '../support/browser/sample-events.js';
import { until } from '../support/poll.js';

let browser: Browser;
let server: TestApplication;
let dashboard: DashboardPage;

beforeAll(async () => {
  server = await startApplication();
  await sendSampleEvents(server);
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
  await server.stop();
});
beforeEach(async () => {
  dashboard = await DashboardPage.open(browser, server.base, '?tz=UTC&view=rejections');
});
afterEach(async () => {
  await dashboard.close();
});

const LIVE = 'Events, the latest to arrive first';

describe('the live view', () => {
  const send = (id: string, more: object = {}) =>
    server.post('/analytics/batch', {
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify([
        { user: 'live-1', event: 'login', id, timestamp: 1_224_567_997, ...more },
      ]),
    });
  const names = async (): Promise<string[]> =>
    (await dashboard.rows(LIVE)).map(([, name]) => name!);

  beforeEach(async () => {
    await dashboard.goTo('?tz=UTC&view=live');
    await dashboard.page.getByText('Connected').waitFor();
  });

  it('shows events as they arrive, whatever their time, and leads to their user', async () => {
    await send('l-1');
    await send('l-2', { event: 'logout' });
    await until(async () => (await names()).length === 2);
    expect(await names()).toEqual(['logout', 'login']);
    const [row] = await dashboard.rows(LIVE);
    expect(row!.slice(0, 4)).toEqual(['21 Oct 2008, 05:46:37', 'logout', 'live-1', 'default']);
    await dashboard.page.getByRole('link', { name: 'live-1' }).first().click();
    await dashboard.settled();
    expect(dashboard.search.get('user')).toBe('live-1');
  });

  it('misses nothing while the connection is broken', async () => {
    await send('l-3', { event: 'before' });
    await until(async () => (await names()).includes('before'));
    await dashboard.page.context().setOffline(true);
    // Playwright's offline mode leaves a stream that is open alone.
    server.app.getHttpServer().closeAllConnections();
    await dashboard.page.getByText('Connecting …').waitFor();
    for (const event of ['missed-1', 'missed-2']) await send(event, { event });
    await dashboard.page.context().setOffline(false);
    await until(async () => (await names()).length === 3);
    expect(await names()).toEqual(['missed-2', 'missed-1', 'before']);
  });

  it('goes on where it was after an answer that was no feed', async () => {
    await send('l-7', { event: 'before' });
    await until(async () => (await names()).includes('before'));
    // As a proxy answers while the server behind it starts.
    await dashboard.page.route('**/analytics/live**', (route) => route.fulfill({ status: 502 }));
    server.app.getHttpServer().closeAllConnections();
    await dashboard.page.getByText('Connecting …').waitFor();
    await dashboard.page.waitForResponse((response) => response.status() === 502);
    await send('l-8', { event: 'missed' });
    await dashboard.page.unroute('**/analytics/live**');
    await until(async () => (await names()).length === 2);
    expect(await names()).toEqual(['missed', 'before']);
  });

  it('pauses, and shows one kind of event alone', async () => {
    await dashboard.page.getByLabel('Only events named').fill('login');
    await dashboard.page.getByLabel('Only events named').press('Enter');
    await dashboard.page.waitForURL(/only=login/);
    await dashboard.page.getByText('Connected').waitFor();
    await send('l-4', { event: 'other' });
    await send('l-5');
    await until(async () => (await names()).length === 1);
    expect(await names()).toEqual(['login']);
    await dashboard.page.getByRole('button', { name: 'Pause' }).click();
    await dashboard.page.getByText('Paused').waitFor();
    await send('l-6', { user: 'live-2' });
    const csv = await dashboard.download('CSV of the events shown');
    expect(csv.bytes.toString().split('\r\n')).toHaveLength(3);
    expect(await names()).toEqual(['login']);
    // What came meanwhile isn't lost.
    await dashboard.page.getByRole('button', { name: 'Go on' }).click();
    await until(async () => (await names()).length === 2);
    expect((await dashboard.rows(LIVE)).map((cells) => cells[2])).toEqual(['live-2', 'live-1']);
  });
});

describe("a user's page", () => {
  it('has traits, groups, who was merged, and the timeline of all of them', async () => {
    await dashboard.goTo('?tz=UTC&view=people&user=u-1');
    const about = await dashboard.page.getByRole('region', { name: 'u-1' }).innerText();
    for (const text of ['ada@example.com', 'acme', 'b-1', 'POST /v1/batch']) {
      expect(about).toContain(text);
    }
    const answer = (await (await server.get('/analytics/users/u-1?limit=50')).json()) as {
      events: number;
      recent: { event: string }[];
    };
    const shown = await dashboard.page.locator('.timeline li strong').allTextContents();
    expect(shown).toEqual(answer.recent.map(({ event }) => event));
    expect(shown).toHaveLength(answer.events);
    expect(shown).toContain('visit');
    const csv = await dashboard.download('CSV of the events shown');
    expect(csv.bytes.toString().trimEnd().split('\r\n')).toHaveLength(1 + answer.events);
  });

  it('is found by a trait, and by the id', async () => {
    await dashboard.goTo('?tz=UTC&view=people');
    await dashboard.page.getByLabel('Trait', { exact: true }).fill('plan');
    await dashboard.page.getByLabel('is', { exact: true }).fill('pro');
    await dashboard.click('Find');
    expect((await dashboard.rows(/^People/)).map(([id]) => id)).toEqual(['u-1']);
    const csv = await dashboard.download('CSV of the people found');
    expect(csv.bytes.toString()).toContain('u-1');
    expect(Object.fromEntries(dashboard.search)).toMatchObject({ trait: 'plan', is: 'pro' });
    await dashboard.page.reload();
    await dashboard.settled();
    expect((await dashboard.rows(/^People/)).map(([id]) => id)).toEqual(['u-1']);
    await dashboard.page.getByLabel('Id', { exact: true }).fill('u-2');
    await dashboard.click('Open');
    expect(await dashboard.page.title()).toBe('u-2 – User Analytics');
  });
});

describe('the rejections', () => {
  it('are listed with their reasons', async () => {
    expect(await dashboard.rows('How many were rejected, by reason')).toEqual([
      ['invalid_user', '1'],
    ]);
    const [row] = await dashboard.rows('What was rejected, the latest first');
    expect(row!.slice(1, 4)).toEqual([
      'invalid_user',
      expect.stringContaining('user must be text of 1 to 255 characters'),
      'POST /analytics/batch',
    ]);
    const csv = await dashboard.download('CSV of the rejections');
    expect(csv.bytes.toString()).toContain('invalid_user,');
    await server.post('/analytics?user=1&event=purchase');
    await until(async () => {
      await dashboard.click('Refresh');
      return (await dashboard.rows('How many were rejected, by reason')).length === 2;
    });
  });
});

describe('the import', () => {
  const lines = ['timestamp,user,event,id'];
  for (let index = 0; index < 5_000; index += 1)
    lines.push(`${1_400_000_000 + index},i-${index % 9},click,i-${index}`);
  lines.push('yesterday,i-1,click,i-x');
  const file = {
    name: 'events.csv.gz',
    mimeType: 'application/gzip',
    buffer: gzipSync(lines.join('\n')),
  };

  /** @returns what lets the request go on that it's held at */
  async function beginImport(): Promise<() => void> {
    await dashboard.goTo('?tz=UTC&view=import');
    let release!: () => void;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    await dashboard.page.route('**/analytics/import**', async (route) => {
      await held;
      await route.continue();
    });
    await dashboard.page.getByLabel(/^File/).setInputFiles(file);
    await dashboard.page.getByRole('button', { name: 'Import', exact: true }).click();
    return release;
  }

  it('stores a file, says what was not, and stores nothing twice', async () => {
    await dashboard.goTo('?tz=UTC&view=import');
    const importIt = async (): Promise<string> => {
      await dashboard.page.getByLabel(/^File/).setInputFiles(file);
      expect(await dashboard.page.getByLabel('Format').inputValue()).toBe('csv');
      await dashboard.page.getByRole('button', { name: 'Import', exact: true }).click();
      const done = dashboard.page.locator('.done');
      await done.waitFor();
      return (await done.textContent())!;
    };
    const before = await server.countEvents();
    expect(await importIt()).toContain(
      '5,001 lines read: 5,000 events stored, 0 were there already',
    );
    expect(await server.countEvents()).toBe(before + 5_000);
    expect(await dashboard.rows('Lines that were rejected')).toEqual([
      ['5,002', 'invalid_timestamp', expect.stringContaining('timestamp must be')],
    ]);
    await dashboard.goTo('?tz=UTC&view=import');
    expect(await importIt()).toContain('0 events stored, 5,000 were there already');
    await dashboard.page.getByRole('link', { name: 'Show all time' }).click();
    await dashboard.settled();
    expect(dashboard.search.get('range')).toBe('all');
  });

  it('goes on while another view is looked at', async () => {
    const release = await beginImport();
    await dashboard.page.getByRole('link', { name: 'People', exact: true }).click();
    await dashboard.page.getByRole('link', { name: /^Import \d/ }).waitFor();
    release();
    await dashboard.page.getByRole('link', { name: 'Import', exact: true }).click();
    const done = dashboard.page.locator('.done');
    await done.waitFor();
    expect(await done.textContent()).toContain('5,001 lines read');
  });

  it('shows how much is sent, and can be stopped', async () => {
    const release = await beginImport();
    await dashboard.page.getByRole('progressbar').waitFor();
    await dashboard.page.getByRole('button', { name: 'Stop' }).click();
    expect(await dashboard.page.getByRole('alert').textContent()).toContain(
      'The import was stopped',
    );
    release();
  });

  it('says what is wrong with a file', async () => {
    await dashboard.goTo('?tz=UTC&view=import');
    const wrong = { name: 'a.csv', mimeType: 'text/csv', buffer: Buffer.from('a,b\n1,2\n') };
    await dashboard.page.getByLabel(/^File/).setInputFiles(wrong);
    await dashboard.page.getByRole('button', { name: 'Import', exact: true }).click();
    expect(await dashboard.page.getByRole('alert').first().textContent()).toMatch(
      /timestamp|user|event/,
    );
  });
});
