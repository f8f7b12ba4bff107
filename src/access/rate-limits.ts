import { Injectable, Optional } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { rateLimitHeaders, RateLimitedError } from './access-errors.js';

/** How many requests a minute one may send; each process counts for itself. */
export abstract class RateLimitOptions {
  /** By one address, but for this machine's own and for servers that have a key; 0 for any number. */
  abstract readonly perAddress?: number;
  /** By one key; 0 for any number. */
  abstract readonly perKey?: number;
}

export const DEFAULT_LIMITS = { perAddress: 6_000, perKey: 600_000 };

const WINDOW_S = 60;
/** Of the addresses and keys that were seen in a minute: some 10 MB. Those beyond are forgotten early. */
const MAX_SEEN = 50_000;

/** Counts the requests of each address and each key. */
@Injectable()
export class RateLimits {
  private readonly addresses: Limit;
  private readonly keys: Limit;

  constructor(@Optional() options?: RateLimitOptions) {
    const { perAddress = DEFAULT_LIMITS.perAddress, perKey = DEFAULT_LIMITS.perKey } =
      options ?? {};
    this.addresses = new Limit('address', perAddress);
    this.keys = new Limit('key', perKey);
  }

  /**
   * @returns what the answer says of the limit
   * @throws RateLimitedError
   */
  countAddress(address: string): Promise<Record<string, string>> {
    return this.addresses.count(address);
  }

  /** @throws RateLimitedError */
  async countKey(key: string): Promise<void> {
    await this.keys.count(key);
  }
}

class Limit {
  private readonly limiter: RateLimiterMemory;
  private readonly seen: LRUCache<string, true>;

  /** @param limit requests a minute; 0 for any number */
  constructor(
    private readonly whose: 'key' | 'address',
    private readonly limit: number,
  ) {
    if (!Number.isInteger(limit) || limit < 0) {
      throw new TypeError(
        `limits.per${whose === 'key' ? 'Key' : 'Address'} must be a whole number`,
      );
    }
    this.limiter = new RateLimiterMemory({ points: limit, duration: WINDOW_S });
    this.seen = new LRUCache({
      max: MAX_SEEN,
      dispose: (_, one) => void this.limiter.delete(one),
    });
  }

  async count(one: string): Promise<Record<string, string>> {
    if (this.limit === 0) return {};
    if (!this.seen.get(one)) this.seen.set(one, true);
    try {
      const { remainingPoints, msBeforeNext } = await this.limiter.consume(one);
      return rateLimitHeaders(this.whose, this.limit, remainingPoints, seconds(msBeforeNext));
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused;
      throw new RateLimitedError(this.whose, this.limit, seconds(refused.msBeforeNext));
    }
  }
}

function seconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1_000));
}
