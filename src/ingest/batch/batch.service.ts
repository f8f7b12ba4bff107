import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { Turns } from '../../common/turns.js';
import { Refusal } from '../refusal.js';
import { beginningOf, RejectionLog } from '../rejection-log.js';
import type { ReceivedBody } from '../request-fields.js';
import { EventWriter } from '../writer/event-writer.js';
import { judgeItem } from './judge.js';
import { readBatch } from './read-batch.js';
import { Receipts, type ReceiptChoice } from './receipts.js';
import { isEvent, settle, type Judged } from './settle.js';

const ROUTE = 'POST /analytics/batch';

/** Stores many events in one transaction and says what became of each. */
@Injectable()
export class BatchService {
  private readonly turns = new Turns();

  constructor(
    private readonly writer: EventWriter,
    private readonly rejections: RejectionLog,
    private readonly clock: Clock,
  ) {}

  /** @throws UnreadableRequestError, OverloadedError, UnavailableError, SpoolUnavailableError */
  async receive(body: ReceivedBody, choice: ReceiptChoice): Promise<Receipts> {
    const turn = (): Promise<void> => this.turns.next();
    return await this.store(await readBatch(body, turn), ROUTE, choice);
  }

  /**
   * @param pieces events as clients give them; emptied on the way
   * @param route which way in, for the log of rejections
   * @throws OverloadedError, UnavailableError or SpoolUnavailableError when it isn't known that all
   *   of it is stored
   */
  async store(pieces: unknown[][], route: string, choice: ReceiptChoice): Promise<Receipts> {
    const judged = await this.judge(pieces);
    const outcomes = await this.writer.write(judged.filter(isEvent));
    const receipts = new Receipts(choice);
    settle(judged, outcomes, {
      receipts,
      indexOf: (place) => place,
      noteRefusal: (refusal, text) => this.rejections.note(refusal, route, text),
    });
    return receipts;
  }

  /** What was parsed is given up piece by piece: a request may wait for long after this. */
  private async judge(pieces: unknown[][]): Promise<Judged[]> {
    const rules = { now: this.clock.now() };
    const judged: Judged[] = [];
    for (let items = pieces.shift(); items; items = pieces.shift()) {
      if (judged.length > 0) await this.turns.next();
      for (const item of items) {
        const event = judgeItem(item, rules);
        judged.push(
          event instanceof Refusal ? { refusal: event, text: beginningOf(toText(item)) } : event,
        );
      }
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
