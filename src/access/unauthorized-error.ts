import { AnalyticsError } from '../common/errors.js';

/** Whoever asks isn't known: a wrong key, or a token that isn't valid. */
export class UnauthorizedError extends AnalyticsError {
  readonly retryable = false;
  override readonly status = 401;

  constructor(
    readonly code: 'invalid_write_key' | 'invalid_token',
    message: string,
  ) {
    super(message);
  }
}
