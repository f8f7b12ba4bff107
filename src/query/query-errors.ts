import { AnalyticsError } from '../common/errors.js';

/** A thread refused a query, or found that it's wrong. */
export class FailedQueryError extends AnalyticsError {
  readonly retryable = false;

  constructor(
    readonly code: string,
    message: string,
    override readonly status: number,
    override readonly details: object,
  ) {
    super(message);
  }
}

/** The database took longer for a statement than a query may. */
export class QueryTimeoutError extends AnalyticsError {
  readonly code = 'query_timeout';
  readonly retryable = true;

  constructor(cause: unknown) {
    super(
      'The query took longer than it may (QUERY_TIMEOUT_S). Take a shorter range, or try again when there is less to do.',
      { cause },
    );
  }
}

/** As many queries as may wait are waiting already. */
export class TooManyQueriesError extends AnalyticsError {
  readonly code = 'too_many_queries';
  readonly retryable = true;

  constructor() {
    super('More queries arrive than can be answered. Try again.');
  }
}
