import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a page has besides the tracker. */
export interface TrackedPage {
  /** HTML. */
  body?: string;
  /** Of the tracker's element, besides `src` and `data-key`. */
  attributes?: string;
  /** Where the tracker is, besides the server's root. */
  path?: string;
  title?: string;
  /** What the content security policy allows besides the tracker. */
  policy?: string;
  /** In place of the whole document. */
  html?: string;
}

/** A site of an origin of its own, whose pages allow nothing but the tracker. */
export class TrackerSite {
  private readonly pages = new Map<string, TrackedPage>();
  private trackerBase = '';
  private key = '';

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => {
      const { pathname } = new URL(request.url!, 'http://site');
      const page = this.pages.get(pathname) ?? {};
      response.setHeader('Content-Type', 'text/html; charset=utf-8');
      response.setHeader('Content-Security-Policy', page.policy ?? this.strictPolicy());
      response.end(page.html ?? this.htmlOf(page));
    });
  }

  static async start(): Promise<TrackerSite> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TrackerSite(server);
  }

  /** Pages are all gone, and new ones load the tracker from there. */
  reset(trackerBase: string, key: string): void {
    this.pages.clear();
    this.key = key;
    this.trackerBase = trackerBase;
  }

  /** @returns the page's address */
  add(path: string, page: TrackedPage = {}): string {
    this.pages.set(path, page);
    return this.url(path);
  }

  /** Pages that weren't added have the tracker, and nothing else. */
  url(path: string): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${path}`;
  }

  /** The tracker's element. */
  script({ attributes = '', path = '/analytics.js' }: TrackedPage = {}): string {
    return `<script defer src="${this.trackerBase}${path}" data-key="${this.key}" ${attributes}></script>`;
  }

  /** What the documentation tells pages to have. */
  strictPolicy(): string {
    return `default-src 'none'; script-src ${this.trackerBase}; connect-src ${this.trackerBase}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private htmlOf(page: TrackedPage): string {
    const { title = 'Shop', body = '' } = page;
    return `<!doctype html><html><head><title>${title}</title><link rel="icon" href="data:,">${this.script(page)}</head><body>${body}</body></html>`;
  }
}
