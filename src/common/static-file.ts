import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { acceptsEncoding } from './http.js';

/** A small file that browsers get, compressed once, with a digest by which they know what they have. */
export class StaticFile {
  /** Of the content: changes when it does. */
  private readonly digest: string;
  private readonly encoded: Record<'br' | 'gzip' | 'identity', Buffer>;

  /** @param type of its content */
  constructor(
    content: Buffer,
    private readonly type: string,
  ) {
    this.digest = createHash('sha256').update(content).digest('base64url').slice(0, 16);
    this.encoded = {
      br: brotliCompressSync(content),
      gzip: gzipSync(content),
      identity: content,
    };
  }

  static read(path: string, type: string): StaticFile {
    return new StaticFile(readFileSync(path), type);
  }

  /** Answers with the file, or that it's the one that the browser has. */
  send(request: IncomingMessage, response: ServerResponse, cacheControl: string): void {
    const encoding = encodingOf(request);
    // Strong: the digest differs by encoding, since a browser compares bytes.
    const etag = `"${this.digest}-${encoding}"`;
    response.setHeader('Cache-Control', cacheControl);
    response.setHeader('ETag', etag);
    response.setHeader('Vary', 'Accept-Encoding');
    response.setHeader('X-Content-Type-Options', 'nosniff');
    if (isSame(request.headers['if-none-match'], etag)) {
      response.writeHead(304).end();
      return;
    }
    response.setHeader('Content-Type', this.type);
    if (encoding !== 'identity') response.setHeader('Content-Encoding', encoding);
    response.end(this.encoded[encoding]);
  }
}

function encodingOf(request: IncomingMessage): 'br' | 'gzip' | 'identity' {
  // Browsers name gzip first, and mind br as little.
  if (acceptsEncoding(request, 'br')) return 'br';
  return acceptsEncoding(request, 'gzip') ? 'gzip' : 'identity';
}

function isSame(known: string | undefined, etag: string): boolean {
  const tags = known?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];
  return tags.includes(etag) || tags.includes('*');
}
