/** Its message is for the log: nothing of what was sent is in it. */
export class LoggableError extends Error {}

/** An error that a client may see: what happened, and whether trying again can help. */
export abstract class AnalyticsError extends Error {
  abstract readonly code: string;
  /** True where the same request may succeed later. */
  abstract readonly retryable: boolean;
  /** What the answer says besides. */
  readonly details: object = {};
  /** Headers of the answer. */
  readonly headers: Readonly<Record<string, string>> = {};
  /** Of the answer; 503 unless said otherwise. */
  readonly status: number = 503;
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

/** As much as may wait in memory is waiting already. */
export class OverloadedError extends AnalyticsError {
  readonly code = 'overloaded';
  readonly retryable = true;

  constructor() {
    super(
      'More events arrive than can be stored. Try again: an event with the same timestamp, user and id is stored once.',
    );
  }
}

/** The database is away, and the spool on disk is full or can't be written. */
export class SpoolUnavailableError extends AnalyticsError {
  readonly code = 'spool_unavailable';
  readonly retryable = true;

  constructor(cause: unknown) {
    super(
      'The database does not answer, and the spool on disk takes no more. Try again: an event with the same timestamp, user and id is stored once.',
      { cause },
    );
  }
}

/** A stream was read in part, and then no more could be stored. */
export class InterruptedStreamError extends AnalyticsError {
  readonly code: string;
  readonly retryable = true;
  override readonly details: object;

  /** @param result what became of the events before */
  constructor(cause: AnalyticsError, result: object) {
    super(`The rest of the stream was not stored. ${cause.message}`, { cause });
    this.code = cause.code;
    this.details = result;
  }
}

/** A request that can't be read at all, so that there's nothing to judge one by one. */
export class UnreadableRequestError extends AnalyticsError {
  readonly retryable = false;

  constructor(
    readonly code: string,
    message: string,
    override readonly status: 400 | 413 | 415,
  ) {
    super(message);
  }
}
