/** An error that a client may see: what happened, and whether trying again can help. */
export abstract class AnalyticsError extends Error {
  abstract readonly code: string;
  /** True where the same request may succeed later. */
  abstract readonly retryable: boolean;
}

/** Nothing can be stored or read for now: the database doesn't answer. */
export class UnavailableError extends AnalyticsError {
  readonly code = 'unavailable';
  readonly retryable = true;

  constructor(cause: unknown) {
    super(
      'The database does not answer, or cannot do this now. Try again: an event with the same timestamp, user and id is stored once.',
      { cause },
    );
  }
}

/** A request that can't be read at all, so that there's nothing to judge one by one. */
export class UnreadableRequestError extends AnalyticsError {
  readonly retryable = false;

  constructor(
    readonly code: string,
    message: string,
    readonly status: 400 | 413 | 415,
  ) {
    super(message);
  }
}
