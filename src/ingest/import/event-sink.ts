import type { ReceiptDto } from '../batch/batch.dto.js';
import type { EventFields } from '../normalise.js';

/** What takes an import's events. */
export interface EventReceiver {
  /** How many it's given; while they are being stored, the next is read. */
  readonly batchesAtOnce: number;
  /**
   * Stores events and says what became of each, in order.
   *
   * @throws ImportError or AnalyticsError when it isn't known that all of it is stored
   */
  send(events: EventFields[], signal: AbortSignal): Promise<ReceiptDto[]>;
}

/** Where the events go that the command reads. */
export interface EventSink extends EventReceiver {
  /** For people: where that is. */
  readonly label: string;
  close(): Promise<void>;
}
