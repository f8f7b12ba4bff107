import type { ServerResponse } from 'node:http';
import {
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { NormalisedEvent } from '../ingest/normalise.js';
import { StoredEvents } from '../ingest/stored-events.js';
import { Audience } from './audience.js';
import { entriesOf, markOf, type Entry } from './entries.js';
import { EventStream } from './event-stream.js';
import { Lapse } from './lapse.js';
import { LiveListener, type Hearing } from './listener.js';
import type { LiveRequest } from './live-request.js';
import { readNotice, writeHello, writeWant } from './notices.js';
import { Origin } from './origin.js';
import { LivePublisher } from './publisher.js';
import { Ring } from './ring.js';
import { Subscriber } from './subscriber.js';

/** What is stored is published for so long after somebody was heard to watch. */
const WATCHED_MS = 30_000;
/**
 * What was heard is kept for less: a client that comes back within it finds that nobody has stopped
 * publishing meanwhile, and that nothing is missing.
 */
const KEPT_MS = 25_000;
/** Whoever watches answers a process that asks within this; until then it supposes that somebody does. */
const HELLO_MS = 2_000;

/**
 * The events that any process on this database stores, as they are stored, for the clients that watch
 * at this one. Goes by PostgreSQL's LISTEN and NOTIFY: all processes hear the same in the same order,
 * so that a client which loses its connection goes on at any of them.
 */
@Injectable()
export class LiveFeed
  extends StoredEvents
  implements Hearing, OnApplicationBootstrap, BeforeApplicationShutdown
{
  /** Supposed while nothing is heard: events then wait, and are published when it's known. */
  isWatched = true;
  private readonly origin = new Origin();
  private readonly ring = new Ring();
  private readonly audience = new Audience();
  private readonly publisher: LivePublisher;
  private readonly listener: LiveListener;
  /** Somebody was heard to watch, rather than supposed. */
  private isWanted = false;
  private isKept = false;
  private readonly watching = new Lapse(() => this.stopPublishing());
  private readonly keeping = new Lapse(() => this.stopKeeping());

  constructor(dataSource: DataSource) {
    super();
    this.publisher = new LivePublisher(dataSource, this.origin);
    this.listener = new LiveListener(dataSource, this);
  }

  /** In the background: the start waits for nothing of it. */
  onApplicationBootstrap(): void {
    this.listener.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.endStreams();
    await this.publisher.close();
    await this.listener.stop();
    this.watching.stop();
    this.keeping.stop();
    this.isWatched = false;
  }

  /** Ends all streams, which would otherwise never end, and takes no further ones. */
  endStreams(): void {
    this.audience.end();
  }

  /**
   * Sends the feed from now on, or from where the client was, until its connection ends.
   *
   * @throws TooManySubscribersError, FeedEndedError before anything was sent
   */
  subscribe(response: ServerResponse, { filter, lastEventId }: LiveRequest): void {
    this.audience.admit();
    const subscriber = new Subscriber(new EventStream(response), filter, this.ring);
    subscriber.stream.open();
    subscriber.begin(lastEventId);
    this.audience.add(subscriber);
    if (!this.listener.isListening) return;
    this.keepWatched();
    if (this.audience.size === 1) this.want();
  }

  /** Somebody was erased: clients that come back are told that messages may be missing. */
  forgetEvents(): void {
    this.ring.clear();
    this.publisher.clear();
  }

  take(events: readonly NormalisedEvent[]): void {
    this.publisher.take(events);
  }

  onListening(): void {
    this.watching.renew(this.isWanted ? WATCHED_MS : HELLO_MS);
    this.publisher.release();
    this.listener.say(writeHello());
    if (this.audience.size > 0) this.watchAnew();
  }

  onLost(): void {
    this.publisher.hold();
    this.isWatched = true;
    this.watching.stop();
    this.keeping.stop();
    this.forget();
  }

  onNotice(payload: string): void {
    const notice = readNotice(payload);
    if (notice?.kind === 'hello' && this.audience.size > 0) this.want();
    if (notice?.kind === 'want') {
      this.keepWatched();
      if (this.ring.isEmpty) this.hear([markOf(notice.id)]);
    }
    if (notice?.kind === 'events' && this.isKept) this.hear(entriesOf(notice));
  }

  pulse(): string | undefined {
    return this.audience.size === 0 ? undefined : writeWant(this.origin.id());
  }

  private want(): void {
    this.listener.say(writeWant(this.origin.id()));
  }

  private hear(entries: readonly Entry[]): void {
    for (const entry of entries) this.ring.push(entry);
    this.audience.advance();
  }

  private keepWatched(): void {
    this.isWatched = true;
    this.isWanted = true;
    this.isKept = true;
    this.watching.renew(WATCHED_MS);
    this.keeping.renew(KEPT_MS);
  }

  private stopPublishing(): void {
    this.isWatched = false;
    this.isWanted = false;
    this.publisher.clear();
  }

  /** With clients of its own it's this process that stood still: others have stopped publishing. */
  private stopKeeping(): void {
    this.forget();
    if (this.audience.size > 0) this.watchAnew();
  }

  /** After a while in which not everything was heard. */
  private watchAnew(): void {
    this.audience.gap();
    this.keepWatched();
    this.want();
  }

  private forget(): void {
    this.isKept = false;
    this.ring.clear();
  }
}
