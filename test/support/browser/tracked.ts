import type { Browser, BrowserContext, Page } from 'playwright-core';
import { startApplication, type TestApplication } from '../application.js';
import { FaultyProxy } from '../faulty-proxy.js';
import { until } from '../poll.js';
import { launchChromium } from './chromium.js';
import { TrackerSite } from './tracker-site.js';

/** An event as it's stored; of nobody without a user. */
export interface TrackedEvent {
  event: string;
  user: string | null;
  kind: 'known' | 'anonymous' | null;
  seq: number;
  source: string;
  bot: boolean;
  time: Date;
  properties: Record<string, unknown>;
}

/** Each test has one of its own: what a page of an earlier one sends late isn't taken for its own. */
const SITES = Array.from({ length: 60 }, (_, index) => `site-${index}`);
/** As Chromium calls itself that has a window: without one it's a bot. */
export const WITH_WINDOW =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36';
const keyOf = (source: string): string => `key-of-${source}`;

/** A browser, a site with the tracker, and the server that it sends to, through a proxy that may do harm. */
export class TrackedBrowser {
  /** Of this test's events. */
  source = '';
  context!: BrowserContext;
  page!: Page;
  /** What reached the window's handlers of errors. */
  readonly errors: string[] = [];
  readonly warnings: string[] = [];
  private readonly sources = SITES.values();

  private constructor(
    readonly server: TestApplication,
    readonly proxy: FaultyProxy,
    readonly site: TrackerSite,
    private readonly browser: Browser,
  ) {}

  static async start(): Promise<TrackedBrowser> {
    const writeKeys = { sources: new Map(SITES.map((source) => [keyOf(source), source])) };
    const server = await startApplication({ writeKeys });
    const proxy = await FaultyProxy.start(server.base);
    const site = await TrackerSite.start();
    return new TrackedBrowser(server, proxy, site, await launchChromium());
  }

  /** A visitor who was never here, on a site without pages. */
  async begin(options: Parameters<Browser['newContext']>[0] = {}): Promise<void> {
    this.source = this.sources.next().value!;
    this.site.reset(`http://${this.proxy.host}`, keyOf(this.source));
    this.errors.length = 0;
    this.warnings.length = 0;
    this.context = await this.browser.newContext({
      viewport: { width: 800, height: 600 },
      userAgent: WITH_WINDOW,
      ...options,
    });
    this.page = await this.newPage();
  }

  async newPage(): Promise<Page> {
    const page = await this.context.newPage();
    page.on('pageerror', (error) => this.errors.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'warning') this.warnings.push(message.text());
    });
    return page;
  }

  async end(): Promise<void> {
    await this.context.close();
    await this.server.dataSource.query('TRUNCATE events');
    await this.server.dataSource.query('DELETE FROM merges');
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await this.site.stop();
    await this.proxy.stop();
    await this.server.stop();
  }

  /** In the order of their times. */
  async events(name?: string): Promise<TrackedEvent[]> {
    const events = await this.server.dataSource.query<TrackedEvent[]>(
      `SELECT event_names.name AS event, users.id AS user, users.kind, user_seq AS seq,
         sources.name AS source, bot, time, properties
       FROM events LEFT JOIN users ON users.seq = user_seq
         JOIN event_names ON event_names.id = name_id
         JOIN sources ON sources.id = source_id
       WHERE sources.name = $1 ORDER BY time, event_names.name`,
      [this.source],
    );
    return name === undefined ? events : events.filter(({ event }) => event === name);
  }

  /** Waits until there are as many. */
  async settled(count: number): Promise<TrackedEvent[]> {
    await until(async () => (await this.events()).length >= count);
    return await this.events();
  }

  /** As `GET /analytics/query` counts them. */
  async figures(): Promise<unknown> {
    const query = new URLSearchParams({
      metrics: 'unique_users,clicks,impressions',
      date_range: '1d',
      filters: JSON.stringify([['is', 'source', [this.source]]]),
    });
    const answer = await this.server.get(`/analytics/query?${query.toString()}`);
    return ((await answer.json()) as { totals: unknown }).totals;
  }

  /** What the visitor's browser keeps for the site, of whatever kind. */
  async kept(): Promise<{ keys: string[]; cookies: number }> {
    const keys = await this.page.evaluate<string[]>(
      '[...Object.keys(localStorage), ...Object.keys(sessionStorage)]',
    );
    return { keys, cookies: (await this.context.cookies()).length };
  }
}

/** What happened to elements, by their marks. */
export function elementsOf(events: TrackedEvent[], name: string): string[] {
  return events
    .filter(({ event }) => event === name)
    .map(({ properties }) => String(properties['element']));
}
