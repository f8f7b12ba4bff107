import { AnalyticsError } from '../common/errors.js';

/** Nothing is stored of whom a request names. */
export class NobodyErasedError extends AnalyticsError {
  readonly code = 'unknown_user';
  readonly retryable = false;
  override readonly status = 404;

  /** @param details until when older events are refused all the same */
  constructor(override readonly details: { erased_before: string; refused_until: string }) {
    super(
      'Nothing is stored of this user. Events of theirs that may still be on their way are refused as erased.',
    );
  }
}

/** As many people as may be exported at once are. */
export class TooManyExportsError extends AnalyticsError {
  readonly code = 'too_many_exports';
  readonly retryable = true;

  constructor(most: number) {
    super(`${most} people are being exported, and no more may be at once. Try again.`);
  }
}
