import { AnalyticsError } from '../common/errors.js';

/** As many clients as may watch the feed are watching it already. */
export class TooManySubscribersError extends AnalyticsError {
  readonly code = 'too_many_subscribers';
  readonly retryable = true;

  constructor(most: number) {
    super(`${most} clients watch the live feed, and no more may. Try again.`);
  }
}

/** The server is about to end. */
export class FeedEndedError extends AnalyticsError {
  readonly code = 'unavailable';
  readonly retryable = true;

  constructor() {
    super('The server is about to end. Try again.');
  }
}
