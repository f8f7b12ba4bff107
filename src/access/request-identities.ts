import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { IdentityResolver, type ResolvedIdentity } from './identity-resolver.js';

/** Users whose traits are remembered: some megabytes. */
const MAX_USERS = 20_000;
/** After so long they are set again, whatever may have happened to them meanwhile. */
const REMEMBERED_MS = 60 * 60_000;

/**
 * Asks the resolver, and leaves out traits that were stored before: an event that sets traits costs
 * several times as much as one that doesn't, and a token says the same with each.
 */
@Injectable()
export class RequestIdentities {
  private readonly storedTraits = new LRUCache<string, string>({
    max: MAX_USERS,
    ttl: REMEMBERED_MS,
  });

  constructor(private readonly resolver: IdentityResolver) {}

  /** @throws UnauthorizedError, and what else the resolver does */
  async of(request: IncomingMessage): Promise<ResolvedIdentity | undefined> {
    const identity = await this.resolver.resolve(request);
    if (identity?.traits === undefined) return identity;
    const isStored = this.storedTraits.get(identity.user) === JSON.stringify(identity.traits);
    return isStored ? { user: identity.user } : identity;
  }

  /** To be told when an event with the identity's traits has been stored. */
  stored(identity: ResolvedIdentity | undefined): void {
    if (identity?.traits === undefined) return;
    this.storedTraits.set(identity.user, JSON.stringify(identity.traits));
  }

  /** Somebody was erased: whoever comes back is somebody new, without traits. */
  forget(): void {
    this.storedTraits.clear();
  }
}
