import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import type { NormalisedEvent } from '../normalise.js';
import { Refusal } from '../refusal.js';
import { RejectionLog } from '../rejection-log.js';
import type { ReceivedBody } from '../request-fields.js';
import { EventWriter } from '../writer/event-writer.js';
import { judgeItem } from './judge.js';
import { readBatch } from './read-batch.js';
import { Receipts, type ReceiptChoice } from './receipts.js';

const ROUTE = 'POST /analytics/batch';
/** Judged in one go: some milliseconds, in which nobody else is served. */
const ITEMS_A_TURN = 1_000;

/** Stores many events in one transaction and says what became of each. */
@Injectable()
export class BatchService {
  constructor(
    private readonly writer: EventWriter,
    private readonly rejections: RejectionLog,
    private readonly clock: Clock,
  ) {}

  /** @throws UnreadableRequestError, OverloadedError, UnavailableError, SpoolUnavailableError */
  receive(body: ReceivedBody, choice: ReceiptChoice): Promise<Receipts> {
    return this.store(readBatch(body), ROUTE, choice);
  }

  /**
   * @param items events as clients give them
   * @param route which way in, for the log of rejections
   * @throws OverloadedError, UnavailableError or SpoolUnavailableError when it isn't known that all
   *   of it is stored
   */
  async store(items: unknown[], route: string, choice: ReceiptChoice): Promise<Receipts> {
    const judged = await this.judge(items);
    const accepted = judged.filter(
      (event): event is NormalisedEvent => !(event instanceof Refusal),
    );
    const written = (await this.writer.write(accepted)).values();
    const receipts = new Receipts(choice);
    for (const [index, event] of judged.entries()) {
      const outcome = event instanceof Refusal ? event : written.next().value!;
      if (outcome instanceof Refusal) this.rejections.note(outcome, route, toText(items[index]));
      receipts.add(index, event instanceof Refusal ? undefined : event.id, outcome);
    }
    return receipts;
  }

  private async judge(items: unknown[]): Promise<(NormalisedEvent | Refusal)[]> {
    const rules = { now: new Date(this.clock.now()) };
    const judged: (NormalisedEvent | Refusal)[] = [];
    for (const item of items) {
      if (judged.length > 0 && judged.length % ITEMS_A_TURN === 0) await nextTurn();
      judged.push(judgeItem(item, rules));
    }
    return judged;
  }
}

/** Nesting can be too deep to be written as it was read. */
function toText(item: unknown): string {
  try {
    return JSON.stringify(item);
  } catch {
    return '(nested too deeply to show)';
  }
}
