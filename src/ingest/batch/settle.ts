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

/**
 * Makes receipts of what became of items.
 *
 * @param items each with its index in the request
 * @param outcomes of those that are events, in their order
 * @param noteRefusal takes each refusal, with the text of what was refused
 */
export function settle(
  items: Iterable<readonly [number, Judged]>,
  outcomes: readonly Outcome[],
  receipts: Receipts,
  noteRefusal: (refusal: Refusal, text: string) => void,
): void {
  const written = outcomes.values();
  for (const [index, item] of items) {
    if (isEvent(item)) {
      const outcome = written.next().value!;
      if (outcome instanceof Refusal) noteRefusal(outcome, JSON.stringify(item));
      receipts.add(index, item.id, outcome);
    } else {
      noteRefusal(item.refusal, item.text);
      receipts.add(index, undefined, item.refusal);
    }
  }
}
