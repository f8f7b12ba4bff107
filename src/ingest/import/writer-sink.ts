import type { TimeSlices } from '../../common/turns.js';
import type { ReceiptDto } from '../batch/batch.dto.js';
import { judgeItem } from '../batch/judge.js';
import { Receipts } from '../batch/receipts.js';
import { isEvent, settle, type Judged } from '../batch/settle.js';
import type { EventRules } from '../event-rules.js';
import type { EventFields, SenderRules } from '../normalise.js';
import { Refusal } from '../refusal.js';
import type { EventWriter } from '../writer/event-writer.js';
import { writePatiently } from '../writer/write-patiently.js';
import type { EventReceiver } from './event-sink.js';

interface WriterSinkOptions {
  rules: EventRules;
  slices: TimeSlices;
  /** What counts for all events of who imports. */
  sender: SenderRules;
}

/** Stores an import's events in this server. Who imports tells the log of rejections, by the line. */
export class WriterSink implements EventReceiver {
  /** The writer puts some together. */
  readonly batchesAtOnce = 6;

  constructor(
    private readonly writer: EventWriter,
    private readonly options: WriterSinkOptions,
  ) {}

  /** @throws OverloadedError, UnavailableError, SpoolUnavailableError */
  async send(events: EventFields[]): Promise<ReceiptDto[]> {
    const { slices } = this.options;
    const rules = { ...this.options.rules.current(), ...this.options.sender };
    const judged: Judged[] = [];
    for (const event of events) {
      if (slices.isOver) await slices.next();
      const verdict = judgeItem(event, rules);
      judged.push(verdict instanceof Refusal ? { refusal: verdict, text: '' } : verdict);
    }
    const outcomes = await writePatiently(this.writer, judged.filter(isEvent));
    const receipts = new Receipts('all');
    settle(judged, outcomes, { receipts, indexOf: (place) => place, noteRefusal: () => {} });
    return receipts.toResult().receipts;
  }
}
