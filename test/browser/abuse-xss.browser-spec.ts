import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { startApplication, type TestApplication } from '../support/application.js';
import { launchChromium } from '../support/browser/chromium.js';
import { until } from '../support/poll.js';

/** Each would run, load something or leave a mark where any part of a page took it for markup. */
const PAYLOADS = [
  `<img src=x onerror="window.broken=1">`,
  `"><script>window.broken=1</script>`,
  `'-window.broken=1-'`,
  '</script><script>window.broken=1</script>',
  `<svg/onload=alert(1)>`,
  'javascript:window.broken=1//',
  '{{constructor.constructor("window.broken=1")()}}',
  '<iframe src=//evil.example>',
  '<b id=broken>bold</b>',
  '<style>*{display:none}</style>',
];
const AT = '2026-11-24T09:30:00Z';
const RANGE = 'range=2026-11-01,2026-12-01&tz=UTC';

let browser: Browser;
let server: TestApplication;

beforeAll(async () => {
  server = await startApplication();
  for (const [index, text] of PAYLOADS.entries()) await sendEverywhere(text, index);
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
  await server.stop();
});

describe('what was sent as names and values', () => {
  const param = encodeURIComponent;
  const [first = ''] = PAYLOADS;
  const views: [name: string, search: string][] = [
    ['overview', `?${RANGE}`],
    [
      'a filter of its own',
      `?${RANGE}&filters=${param(JSON.stringify([['is', 'event', [first]]]))}`,
    ],
    ['breakdowns', `?${RANGE}&by=${param(`property:${first}`)}`],
    ['funnel', `?${RANGE}&view=funnel&steps=${param(JSON.stringify([first, PAYLOADS[1]]))}`],
    ['retention', `?${RANGE}&view=retention`],
    ['people', `?${RANGE}&view=people`],
    ['rejections', `?${RANGE}&view=rejections`],
    ['import', `?${RANGE}&view=import`],
    ...PAYLOADS.map((id): [string, string] => [
      `the user ${id}`,
      `?${RANGE}&view=people&user=${param(id)}`,
    ]),
    ...PAYLOADS.map((text): [string, string] => [
      `a URL of ${text}`,
      `?tz=${param(text)}&view=${param(text)}&user=${param(text)}&only=${param(text)}&filters=${param(text)}#${param(text)}`,
    ]),
  ];

  it.each(views)('is text in the dashboard: %s', async (_, search) => {
    const complaints = await watched(async (page) => {
      await page.goto(`${server.base}/dashboard${search}`);
      await page.locator('#main').waitFor();
      const waiting = page.locator('.loading, [aria-busy="true"]');
      await until(async () => (await waiting.count()) === 0);
      // What is folded is shown, too.
      for (const detail of await page.locator('summary').all()) await detail.click();
      expect(await page.locator('#broken, #main iframe, #main script, #main style').count()).toBe(
        0,
      );
    });
    expect(complaints).toEqual([]);
  });

  it('is text in the live view', async () => {
    const complaints = await watched(async (page) => {
      await page.goto(`${server.base}/dashboard?view=live`);
      await page.getByText('Connected').waitFor();
      for (const [index, text] of PAYLOADS.entries()) await sendEverywhere(text, 100 + index);
      for (const text of PAYLOADS) await page.getByText(text, { exact: true }).first().waitFor();
      expect(await page.locator('#broken, #main iframe, #main script, #main style').count()).toBe(
        0,
      );
    });
    expect(complaints).toEqual([]);
  });

  it('is seen as it was sent', async () => {
    const complaints = await watched(async (page) => {
      await page.goto(`${server.base}/dashboard?${RANGE}&view=people`);
      for (const text of PAYLOADS) await page.getByText(text, { exact: true }).first().waitFor();
    });
    expect(complaints).toEqual([]);
  });

  it('is no part of the explorer, which loads nothing from elsewhere, whatever its URL says', async () => {
    const elsewhere = param('https://evil.example/openapi.json');
    for (const search of ['', `?url=${elsewhere}&configUrl=${elsewhere}`, `#/${param(first)}`]) {
      const complaints = await watched(async (page) => {
        await page.goto(`${server.base}/docs${search}`);
        await page.getByText('Store one click or impression').waitFor();
      });
      expect(complaints).toEqual([]);
    }
  });
});

/** As an id, a name, a key and a value wherever there are any, and as what is rejected. */
async function sendEverywhere(text: string, index: number): Promise<void> {
  const short = text.slice(0, 100);
  const event = {
    timestamp: AT,
    user: text,
    event: short,
    source: short,
    id: `${index}-${text}`,
    properties: { [text]: text, path: text, plan: text, nested: { [text]: [text] } },
  };
  const rejected = { user: text, event: '', timestamp: text, [text]: text };
  await post('/analytics/batch', [event, rejected]);
  await server.post(
    `/analytics?user=${encodeURIComponent(text)}&event=${encodeURIComponent(text)}`,
  );
  const traits = { [text]: text, email: text, name: text, plan: text };
  await post('/v1/batch', {
    batch: [
      { type: 'identify', userId: text, anonymousId: `${text} anonymous`, traits, timestamp: AT },
      { type: 'group', userId: text, groupId: text, traits, timestamp: AT },
      {
        type: 'page',
        userId: text,
        name: text,
        properties: { url: text, title: text },
        timestamp: AT,
      },
      { type: 'track', userId: text, event: short, context: { userAgent: text }, timestamp: AT },
    ],
  });
}

async function post(path: string, body: object): Promise<void> {
  const response = await server.post(path, {
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(await response.text());
}

/** @returns which scripts ran, dialogs opened, requests went elsewhere, and policies had to step in */
async function watched(visit: (page: Page) => Promise<void>): Promise<string[]> {
  const context = await browser.newContext({ timezoneId: 'UTC' });
  const page = await context.newPage();
  const seen: string[] = [];
  page.on('dialog', (dialog) => {
    seen.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${server.base}/`) && !/^(data|blob):/.test(url)) seen.push(url);
  });
  page.on('console', (message) => {
    if (/Content Security Policy|Refused to/.test(message.text())) seen.push(message.text());
  });
  page.on('pageerror', (error) => seen.push(error.message));
  page.on('framenavigated', (frame) => {
    if (frame !== page.mainFrame()) seen.push(`frame ${frame.url()}`);
  });
  try {
    await visit(page);
    if ((await page.evaluate<unknown>('window.broken')) !== undefined) seen.push('a script ran');
    return seen;
  } finally {
    await context.close();
  }
}
