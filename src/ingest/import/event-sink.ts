import type { ReceiptDto } from '../batch/batch.dto.js';
import type { EventFields } from '../normalise.js';

/** Where an import's events go. */
export interface EventSink {
  /** For people: where that is. */
  readonly label: string;
  /**
   * Stores events and says what became of each, in order.
   *
   * @throws ImportError when it isn't known that all of it is stored
   */
  send(events: EventFields[], signal: AbortSignal): Promise<ReceiptDto[]>;
  close(): Promise<void>;
}
