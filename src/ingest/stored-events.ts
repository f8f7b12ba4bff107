import type { NormalisedEvent } from './normalise.js';

/** Hears of events once they are stored. It's told on the way in: it must neither throw nor take long. */
export abstract class StoredEvents {
  /** Whether anybody wants to hear of them; asked once for each batch. */
  abstract readonly isWatched: boolean;

  /** @param events that were stored just now, after their commit; duplicates aren't among them */
  abstract take(events: readonly NormalisedEvent[]): void;
}
