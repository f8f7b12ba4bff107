import { Injectable } from '@nestjs/common';
import { toJson } from '../../common/json-object.js';
import { Turns } from '../../common/turns.js';
import { EventRules } from '../event-rules.js';
import { Refusal } from '../refusal.js';
import { beginningOf, OPTED_OUT, RejectionLog } from '../rejection-log.js';
import type { ReceivedBody } from '../request-fields.js';
import { EventWriter } from '../writer/event-writer.js';
import type { NormaliseRules, SenderRules } from '../normalise.js';
import { judgeItem } from './judge.js';
import { OversizedItem } from './parse-items.js';
import { readBatch } from './read-batch.js';
import { Receipts, type ReceiptChoice } from './receipts.js';
import { isEvent, settle, type Judged } from './settle.js';

const ROUTE = 'POST /analytics/batch';

/** How a request wants it, and what counts for all of its events. */
export interface BatchOptions extends SenderRules {
  /** Which receipts. */
  choice: ReceiptChoice;
}

/** Stores many events in one transaction and says what became of each. */
@Injectable()
export class BatchService {
  private readonly turns = new Turns();

  constructor(
    private readonly writer: EventWriter,
    private readonly rejections: RejectionLog,
    private readonly rules: EventRules,
  ) {}

  /** @throws UnreadableRequestError, OverloadedError, UnavailableError, SpoolUnavailableError */
  async receive(body: ReceivedBody, { choice, ...whose }: BatchOptions): Promise<Receipts> {
    const rules = { ...this.rules.current(), ...whose };
    const judged = await readBatch(body, {
      turn: () => this.turns.next(),
      read: (item) => judge(item, rules),
    });
    return await this.write(judged, ROUTE, choice);
  }

  /**
   * @param items events as clients give them
   * @param route which way in, for the log of rejections
   * @param whose by the word of somebody else than the items
   * @throws OverloadedError, UnavailableError or SpoolUnavailableError when it isn't known that all
   *   of it is stored
   */
  async store(
    items: unknown[],
    route: string,
    choice: ReceiptChoice,
    whose: SenderRules = {},
  ): Promise<Receipts> {
    const rules = { ...this.rules.current(), ...whose };
    const judged = items.map((item) => judge(item, rules));
    return await this.write(judged, route, choice);
  }

  private async write(judged: Judged[], route: string, choice: ReceiptChoice): Promise<Receipts> {
    const outcomes = await this.writer.write(judged.filter(isEvent));
    const receipts = new Receipts(choice);
    settle(judged, outcomes, {
      receipts,
      indexOf: (place) => place,
      noteRefusal: (refusal, text) => this.rejections.note(refusal, route, text),
    });
    return receipts;
  }
}

function judge(item: unknown, rules: NormaliseRules): Judged {
  if (item instanceof OversizedItem) {
    const text = rules.hasOptedOut ? OPTED_OUT : item.beginning;
    return { refusal: new Refusal('event_too_large'), text };
  }
  const event = judgeItem(item, rules);
  if (!(event instanceof Refusal)) return event;
  if (rules.hasOptedOut) return { refusal: event, text: OPTED_OUT };
  return { refusal: event, text: beginningOf(toJson(item) ?? '(nested too deeply to show)') };
}
