/** One transaction of events that has committed. */
export interface CommittedBatch {
  /** How many events it was given; those that are neither stored nor duplicates were refused. */
  events: number;
  stored: number;
  /** They were there already. */
  duplicates: number;
  /** When it began to wait for a connection, in milliseconds of `performance.now()`. */
  startedAt: number;
}

/** One question that a thread has answered, or failed to. */
export interface AnsweredQuestion {
  /** One of a few, such as `query` or `funnel`. */
  kind: string;
  isAnswered: boolean;
  /** When it was asked, in milliseconds of `performance.now()`. */
  startedAt: number;
}

/** One pass of the folder that found something to do. */
export interface FoldedDeltas {
  deltas: number;
  /** Minutes that were read anew. */
  repaired: number;
  milliseconds: number;
}

/**
 * Hears what is done, for figures and traces. It's told on the way in and out, as often as it happens:
 * it must neither throw nor take long.
 */
export abstract class Observer {
  abstract committed(batch: CommittedBatch): void;

  /** @param events that lie on disk until the database is back */
  abstract spooled(events: number): void;

  /** @param code why one event, or one request, isn't stored; one of a few */
  abstract rejected(code: string): void;

  abstract answered(question: AnsweredQuestion): void;

  abstract folded(pass: FoldedDeltas): void;
}
