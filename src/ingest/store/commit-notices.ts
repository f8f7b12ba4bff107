import { Injectable, Optional } from '@nestjs/common';
import { Observer } from '../../common/observer.js';
import type { NormalisedEvent } from '../normalise.js';
import type { StoreOutcome } from '../outcome.js';
import { StoredEvents } from '../stored-events.js';

/** Passes on what became of a batch, after its commit. */
@Injectable()
export class CommitNotices {
  constructor(
    @Optional() private readonly listener?: StoredEvents,
    @Optional() private readonly observer?: Observer,
  ) {}

  /**
   * @param outcomes of the events, in their order
   * @param startedAt when the batch began, in milliseconds of `performance.now()`
   */
  committed(
    events: readonly NormalisedEvent[],
    outcomes: readonly StoreOutcome[],
    startedAt: number,
  ): void {
    if (this.listener?.isWatched) {
      this.listener.take(events.filter((_, index) => outcomes[index] === 'stored'));
    }
    this.observer?.committed({ events: events.length, ...count(outcomes), startedAt });
  }
}

function count(outcomes: readonly StoreOutcome[]): { stored: number; duplicates: number } {
  let stored = 0;
  let duplicates = 0;
  for (const outcome of outcomes) {
    if (outcome === 'stored') stored += 1;
    else if (outcome === 'duplicate') duplicates += 1;
  }
  return { stored, duplicates };
}
