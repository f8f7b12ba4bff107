import type { ServerResponse } from 'node:http';

/** What waits for one client in memory of its own. The rest is the feed's, as long as that keeps it. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** In milliseconds, after which a client whose connection ended comes back. */
const RETRY = 'retry: 2000\n\n';

const HEADERS = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-store',
  // Nginx would keep messages back until it has a few kilobytes.
  'X-Accel-Buffering': 'no',
  // Else the connection would live on after the stream, and a server that ends would wait for it.
  Connection: 'close',
};

/**
 * An answer that goes on: server-sent events
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html).
 */
export class EventStream {
  constructor(private readonly response: ServerResponse) {}

  /** The header alone, as the answer to a request for it. */
  static head(response: ServerResponse): void {
    response.writeHead(200, HEADERS).end();
  }

  open(): void {
    this.response.writeHead(200, HEADERS);
    this.write(RETRY);
  }

  /** @param text whole messages */
  write(text: string): void {
    const { response } = this;
    if (response.destroyed || response.writableEnded) return;
    response.write(text);
  }

  /** Whether no more should be written until it's drained. */
  get isFull(): boolean {
    return this.response.writableLength > MAX_WAITING_BYTES;
  }

  onDrained(listener: () => void): void {
    this.response.on('drain', listener);
  }

  breakOff(): void {
    this.response.destroy();
  }

  /** What still waits for a slow client isn't waited for: it comes back for it. */
  end(): void {
    if (this.response.writableNeedDrain) this.response.destroy();
    else this.response.end();
  }

  onClosed(listener: () => void): void {
    this.response.once('close', listener);
  }
}
