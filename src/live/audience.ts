import { FeedEndedError, TooManySubscribersError } from './live-errors.js';
import type { Subscriber } from './subscriber.js';

const MAX_SUBSCRIBERS = 100;
/** Proxies end connections on which nothing comes for a while. */
const HEARTBEAT_MS = 15_000;

/** The clients that watch the feed at this process. */
export class Audience {
  private readonly subscribers = new Set<Subscriber>();
  private heartbeat: NodeJS.Timeout | undefined;
  private isOver = false;

  get size(): number {
    return this.subscribers.size;
  }

  /** @throws TooManySubscribersError, FeedEndedError */
  admit(): void {
    if (this.isOver) throw new FeedEndedError();
    if (this.size >= MAX_SUBSCRIBERS) throw new TooManySubscribersError(MAX_SUBSCRIBERS);
  }

  /** Until its connection ends. */
  add(subscriber: Subscriber): void {
    this.subscribers.add(subscriber);
    subscriber.stream.onClosed(() => this.remove(subscriber));
    this.heartbeat ??= setInterval(() => {
      for (const each of this.subscribers) each.heartbeat();
    }, HEARTBEAT_MS).unref();
  }

  /** There is something new. */
  advance(): void {
    for (const subscriber of this.subscribers) subscriber.advance();
  }

  gap(): void {
    for (const subscriber of this.subscribers) subscriber.gap();
  }

  /** Ends all streams, and takes no further ones. */
  end(): void {
    this.isOver = true;
    for (const { stream } of this.subscribers) stream.end();
  }

  private remove(subscriber: Subscriber): void {
    subscriber.leave();
    this.subscribers.delete(subscriber);
    if (this.size > 0) return;
    clearInterval(this.heartbeat);
    this.heartbeat = undefined;
  }
}
