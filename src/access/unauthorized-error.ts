import { AnalyticsError } from '../common/errors.js';
import type { AccessKind } from './keys/access-key.js';

const HOW = 'by Basic authentication, as a bearer token or as X-API-Key';

/** Whoever asks isn't known: no key or a wrong one, or a token that isn't valid. */
export class UnauthorizedError extends AnalyticsError {
  readonly retryable = false;
  override readonly status = 401;
  override readonly headers = { 'WWW-Authenticate': 'Bearer' };

  constructor(
    readonly code: 'invalid_write_key' | 'invalid_key' | 'invalid_token',
    message: string,
  ) {
    super(message);
  }

  /** @param isGiven whether there was one, be it a wrong one */
  static ofKey(needed: AccessKind, isGiven: boolean): UnauthorizedError {
    const isWrite = needed === 'write';
    const code = isWrite ? 'invalid_write_key' : 'invalid_key';
    if (isGiven) return new UnauthorizedError(code, 'the key is not known, or it is revoked');
    const query = isWrite ? ', or as writeKey in the query' : '';
    return new UnauthorizedError(
      code,
      `a key of kind ${needed} is missing: give it ${HOW}${query}. npm run keys makes one`,
    );
  }
}
