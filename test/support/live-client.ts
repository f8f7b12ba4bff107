import { get, type IncomingMessage } from 'node:http';
import { until } from './poll.js';

/** A message of a stream of server-sent events. */
export interface LiveMessage {
  id: string | undefined;
  event: string;
  data: Record<string, unknown>;
}

/**
 * A client of the live feed that reads it as
 * https://html.spec.whatwg.org/multipage/server-sent-events.html says, and comes back when it's told.
 */
export class LiveClient {
  readonly messages: LiveMessage[] = [];
  /** All that was received. */
  text = '';
  lastId: string | undefined;
  /** Whether the answer has ended, or was broken off. */
  isEnded = false;
  private unread = '';

  private constructor(readonly response: IncomingMessage) {
    const end = (): void => {
      this.isEnded = true;
    };
    response.setEncoding('utf8').on('error', end).on('close', end);
    response.on('data', (text: string) => this.read(text));
  }

  /** @param url of the server @param query such as `?event=click` */
  static open(url: string, query = '', lastId?: string): Promise<LiveClient> {
    const headers = lastId === undefined ? {} : { 'Last-Event-ID': lastId };
    return new Promise((resolve, reject) => {
      get(`${url}/analytics/live${query}`, { headers, agent: false }, (response) =>
        resolve(new LiveClient(response)),
      ).on('error', reject);
    });
  }

  /** Opens one and waits until it has a place in the feed; what it got until then is forgotten. */
  static async ready(url: string, query = ''): Promise<LiveClient> {
    const client = await LiveClient.open(url, query);
    await until(() => client.lastId !== undefined);
    client.messages.length = 0;
    return client;
  }

  /** What the events' `field` has, or `gap` and `omitted` for these. */
  seen(field = 'user'): unknown[] {
    return this.messages.map(({ event, data }) => (event === 'message' ? data[field] : event));
  }

  /** Waits until there are so many messages. */
  async has(count: number): Promise<void> {
    await until(() => this.messages.length >= count);
  }

  close(): void {
    this.response.destroy();
  }

  private read(text: string): void {
    this.text += text;
    const blocks = (this.unread + text).split('\n\n');
    this.unread = blocks.pop()!;
    for (const block of blocks) this.dispatch(block);
  }

  private dispatch(block: string): void {
    const fields = new Map(
      block.split('\n').map((line): [string, string] => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon), line.slice(colon + 1).trimStart()];
      }),
    );
    this.lastId = fields.get('id') ?? this.lastId;
    const data = fields.get('data');
    if (data === undefined) return;
    this.messages.push({
      id: this.lastId,
      event: fields.get('event') ?? 'message',
      data: JSON.parse(data) as Record<string, unknown>,
    });
  }
}
