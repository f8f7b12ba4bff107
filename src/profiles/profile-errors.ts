import { isDatabaseAnswer, isUnavailable } from '../common/database-errors.js';
import { AnalyticsError } from '../common/errors.js';
import type { Refusal } from '../ingest/refusal.js';

/** The database can't be asked for now. Profiles don't wait on disk: who sends them tries again. */
class ProfilesUnavailableError extends AnalyticsError {
  readonly code = 'unavailable';
  readonly retryable = true;

  constructor(cause: unknown) {
    super(
      'The database does not answer, or cannot do this now. Try again: the same request twice does what one does.',
      { cause },
    );
  }
}

/** What is said of a user can't be stored. */
export class RefusedProfileError extends AnalyticsError {
  readonly retryable = false;
  readonly code: string;

  /** @param status 400 for what can never be, 422 for what the user's other traits leave no room for */
  constructor(
    refusal: Refusal,
    override readonly status: 400 | 422,
  ) {
    super(refusal.message);
    this.code = refusal.code;
  }
}

export class UnknownMergeError extends AnalyticsError {
  readonly code = 'unknown_merge';
  readonly retryable = false;
  override readonly status = 404;

  constructor() {
    super('there is no merge with this id: GET /analytics/merges lists those that there are');
  }
}

/** The same error, or one that tells to try again where the database was the reason. */
export function orTryAgain(error: unknown): unknown {
  if (error instanceof AnalyticsError) return error;
  return isUnavailable(error) || isDatabaseAnswer(error)
    ? new ProfilesUnavailableError(error)
    : error;
}
