import { setTimeout as sleep } from 'node:timers/promises';
import { OverloadedError } from '../../common/errors.js';
import type { NormalisedEvent } from '../normalise.js';
import type { Outcome } from '../outcome.js';
import type { EventWriter } from './event-writer.js';

/** A writer that is full is waited for. */
const PATIENCE_MS = 30_000;
const PAUSE_MS = 20;

/**
 * Stores events of who can hold back what comes after them while the writer is full.
 *
 * @throws OverloadedError when it stays full for 30 seconds, and what {@link EventWriter.write} does
 */
export async function writePatiently(
  writer: EventWriter,
  events: readonly NormalisedEvent[],
): Promise<Outcome[]> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await writer.write(events);
    } catch (error) {
      if (!(error instanceof OverloadedError) || performance.now() > giveUpAt) throw error;
      await sleep(PAUSE_MS);
    }
  }
}
