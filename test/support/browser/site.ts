import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { build } from 'esbuild';
import { findProjectRoot } from '../../../src/project-root.js';
import type { SdkSettings } from './page-script.js';

/** A site with pages that load Segment's SDK, on an origin of its own. */
export class Site {
  private constructor(private readonly server: Server) {}

  static async start(): Promise<Site> {
    const script = await bundle();
    const server = createServer((request, response) => {
      const url = new URL(request.url!, 'http://site');
      const isScript = url.pathname === '/script.js';
      response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html');
      response.end(isScript ? script : pageOf(url));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Site(server);
  }

  /** @param settings without them the page loads no SDK */
  url(path: string, settings?: SdkSettings): string {
    const { port } = this.server.address() as AddressInfo;
    const query = settings ? `?settings=${encodeURIComponent(JSON.stringify(settings))}` : '';
    return `http://127.0.0.1:${port}${path}${query}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

function pageOf(url: URL): string {
  const settings = url.searchParams.get('settings');
  const scripts = settings
    ? `<script src="/script.js"></script><script>start(${settings})</script>`
    : '';
  return `<!doctype html><title>Shop</title><link rel="icon" href="data:,">${scripts}`;
}

async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(findProjectRoot(), 'test', 'support', 'browser', 'page-script.ts')],
    bundle: true,
    write: false,
    platform: 'browser',
    define: { 'process.env.NODE_ENV': '"production"' },
  });
  return outputFiles[0]!.text;
}
