import { LoggableError, UnavailableError } from '../common/errors.js';
import { within } from '../common/within.js';
import { MetricsCrew } from '../operations/metrics/metrics-crew.js';
import type { Order, Report } from './worker-messages.js';

/** Longer than the supervisor waits for other workers. */
const ANSWER_MS = 4_000;

/** From a worker's side: the figures of all workers, by the supervisor, who reaches the others. */
export class SupervisedMetrics extends MetricsCrew {
  private lastId = 0;
  private readonly waiting = new Map<number, (text: string | undefined) => void>();

  /** @param report sends to the supervisor */
  constructor(private readonly report: (message: Report) => void) {
    super();
    process.on('message', (order: Order) => {
      if (order.kind === 'gathered') this.waiting.get(order.id)?.(order.text);
    });
  }

  async gather(): Promise<string> {
    this.lastId += 1;
    const id = this.lastId;
    const answer = new Promise<string | undefined>((resolve) => {
      this.waiting.set(id, resolve);
    });
    this.report({ kind: 'gather', id });
    const late = () => new UnavailableError(new LoggableError('the supervisor does not answer'));
    try {
      const text = await within(ANSWER_MS, answer, late);
      if (text === undefined) throw late();
      return text;
    } finally {
      this.waiting.delete(id);
    }
  }
}
