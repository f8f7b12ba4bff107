import type { NormalisedEvent } from '../normalise.js';
import type { Outcome } from '../outcome.js';
import { Refusal } from '../refusal.js';
import type { Receipts } from './receipts.js';

/** An item that was judged: an event, or why it's none and what was given. */
export type Judged = NormalisedEvent | { refusal: Refusal; text: string };

/** What there is to write. */
export function isEvent(judged: Judged): judged is NormalisedEvent {
  return !('refusal' in judged);
}

/** Where a request's outcomes go. */
export interface Settlement {
  readonly receipts: Receipts;
  /** An item's index in the request, by its place among the items. */
  readonly indexOf: (place: number) => number;
  /** Takes each refusal, with the text of what was refused. */
  readonly noteRefusal: (refusal: Refusal, text: string) => void;
}

/**
 * Makes receipts of what became of items.
 *
 * @param outcomes of those that are events, in their order
 */
export function settle(
  items: readonly Judged[],
  outcomes: readonly Outcome[],
  { receipts, indexOf, noteRefusal }: Settlement,
): void {
  let written = 0;
  for (let place = 0; place < items.length; place += 1) {
    const item = items[place]!;
    if (isEvent(item)) {
      const outcome = outcomes[written]!;
      written += 1;
      if (outcome instanceof Refusal) noteRefusal(outcome, JSON.stringify(item));
      receipts.add(indexOf(place), item.id, outcome);
    } else {
      noteRefusal(item.refusal, item.text);
      receipts.add(indexOf(place), undefined, item.refusal);
    }
  }
}
