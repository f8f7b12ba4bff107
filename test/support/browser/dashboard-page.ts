import { readFile } from 'node:fs/promises';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { until } from '../poll.js';

/** The dashboard in a tab of its own, of a visitor who was never here. */
export class DashboardPage {
  /** What the browser complained about, of which there mustn't be anything. */
  private readonly complaints: string[] = [];

  private constructor(
    readonly page: Page,
    private readonly base: string,
  ) {
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('console', (message) => {
      const isExpected = /Failed to load resource/.test(message.text());
      if (['error', 'warning'].includes(message.type()) && !isExpected) {
        this.complaints.push(message.text());
      }
    });
  }

  static async open(
    browser: Browser,
    base: string,
    search = '',
    options: BrowserContextOptions = {},
  ): Promise<DashboardPage> {
    const context = await browser.newContext({ timezoneId: 'UTC', ...options });
    const opened = new DashboardPage(await context.newPage(), base);
    await opened.goTo(search);
    return opened;
  }

  async goTo(search: string): Promise<void> {
    await this.page.goto(`${this.base}/dashboard${search}`);
    await this.settled();
  }

  /** Until everything that was asked is answered. */
  async settled(): Promise<void> {
    await this.page.locator('#main').waitFor();
    const waiting = this.page.locator('.loading, [aria-busy="true"]');
    await until(async () => (await waiting.count()) === 0);
  }

  /** What the URL says. */
  get search(): URLSearchParams {
    return new URL(this.page.url()).searchParams;
  }

  /** A figure at the top, as it's written. */
  async figure(metric: string): Promise<string | null> {
    return this.page.locator(`.value[data-metric="${metric}"]`).textContent();
  }

  /** Cells of a table by its caption, row by row, without the head. */
  async rows(caption: string | RegExp): Promise<string[][]> {
    const rows = this.page.getByRole('table', { name: caption }).locator('tbody tr');
    return Promise.all((await rows.all()).map((row) => row.locator('th, td').allTextContents()));
  }

  async click(name: string | RegExp): Promise<void> {
    await this.page.getByRole('button', { name }).first().click();
    await this.settled();
  }

  /** What a button downloads. */
  async download(name: string): Promise<{ name: string; bytes: Buffer }> {
    const coming = this.page.waitForEvent('download');
    await this.page.getByRole('button', { name, exact: true }).click();
    const download = await coming;
    return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
  }

  /** @throws where the browser has complained */
  async close(): Promise<void> {
    await this.page.context().close();
    if (this.complaints.length > 0) throw new Error(this.complaints.join('\n'));
  }
}
