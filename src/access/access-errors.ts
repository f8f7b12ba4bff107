import { AnalyticsError } from '../common/errors.js';
import type { AccessKind } from './keys/access-key.js';

/** Nobody has said yet who may get in, so that only this machine does. */
export class ProtectedModeError extends AnalyticsError {
  readonly code = 'protected_mode';
  readonly retryable = false;
  override readonly status = 403;

  constructor() {
    super(
      'No key for this has been made, so only requests from this machine itself are answered. Make keys on the server: ' +
        '`npm run keys -- create --kind read --name me`. ACCESS=open, inside another application ' +
        '`access: { open: true }`, lets everyone in who can reach it.',
    );
  }
}

/** The key is one, and not for this. */
export class ForbiddenKeyError extends AnalyticsError {
  readonly retryable = false;
  override readonly status = 403;

  private constructor(
    readonly code: 'wrong_key_kind' | 'origin_not_allowed',
    message: string,
  ) {
    super(message);
  }

  static wrongKind(kind: AccessKind, needed: AccessKind): ForbiddenKeyError {
    const kinds = needed === 'admin' ? 'admin' : `${needed} or admin`;
    return new ForbiddenKeyError(
      'wrong_key_kind',
      `the key is of kind ${kind}; this takes one of kind ${kinds}`,
    );
  }

  static otherOrigin(): ForbiddenKeyError {
    return new ForbiddenKeyError(
      'origin_not_allowed',
      'the key is for pages of other origins than the one that this comes from',
    );
  }
}

/** A client asks more often than it may. */
export class RateLimitedError extends AnalyticsError {
  readonly code = 'rate_limited';
  readonly retryable = true;
  override readonly status = 429;
  /** Of the answer: when to try again, and what the limit is. */
  override readonly headers: Record<string, string>;

  /**
   * @param whose `key` or `address`
   * @param limit requests a minute
   * @param seconds until there is room again, at least 1
   */
  constructor(whose: 'key' | 'address', limit: number, seconds: number) {
    super(
      `More than ${limit} requests in a minute came by this ${whose}. Try again in ${seconds} seconds.`,
    );
    this.headers = {
      'Retry-After': String(seconds),
      ...rateLimitHeaders(whose, limit, 0, seconds),
    };
  }
}

/**
 * What is left of a limit, as `RateLimit` and `RateLimit-Policy` say it
 * (draft-ietf-httpapi-ratelimit-headers).
 *
 * @param limit requests a minute
 * @param seconds until it is as at the beginning
 */
export function rateLimitHeaders(
  whose: 'key' | 'address',
  limit: number,
  left: number,
  seconds: number,
): Record<string, string> {
  return {
    'RateLimit-Policy': `"${whose}";q=${limit};w=60`,
    RateLimit: `"${whose}";r=${left};t=${seconds}`,
  };
}
