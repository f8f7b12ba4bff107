import { Injectable } from '@nestjs/common';
import { RequestIdentities } from '../access/request-identities.js';
import { EventStore } from '../ingest/store/event-store.js';
import { LiveFeed } from '../live/live-feed.js';

/** Whom this process remembers from what it did before. */
@Injectable()
export class RememberedUsers {
  constructor(
    private readonly store: EventStore,
    private readonly identities: RequestIdentities,
    private readonly feed: LiveFeed,
  ) {}

  /** All of them: which one was erased is known by a hash alone. */
  forget(): void {
    this.store.forgetUsers();
    this.identities.forget();
    this.feed.forgetEvents();
  }
}
