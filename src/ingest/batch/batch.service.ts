import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { EventWriter } from '../event-writer.js';
import type { NormalisedEvent } from '../normalise.js';
import { Refusal } from '../refusal.js';
import { RejectionLog } from '../rejection-log.js';
import type { ReceivedBody } from '../request-fields.js';
import type { BatchResultDto, ReceiptDto } from './batch.dto.js';
import { judgeItem, readBatch } from './read-batch.js';

const ROUTE = 'POST /analytics/batch';

/** Stores many events in one transaction and says what became of each. */
@Injectable()
export class BatchService {
  constructor(
    private readonly writer: EventWriter,
    private readonly rejections: RejectionLog,
    private readonly clock: Clock,
  ) {}

  /** @throws UnreadableRequestError, UnavailableError */
  receive(body: ReceivedBody): Promise<BatchResultDto> {
    return this.store(readBatch(body), ROUTE);
  }

  /**
   * @param items events as clients give them
   * @param route which way in, for the log of rejections
   * @throws UnavailableError when it isn't known that all of it is stored
   */
  async store(items: unknown[], route: string): Promise<BatchResultDto> {
    const now = new Date(this.clock.now());
    const judged = items.map((item) => judgeItem(item, { now }));
    const accepted = judged.filter(
      (event): event is NormalisedEvent => !(event instanceof Refusal),
    );
    const written = (await this.writer.write(accepted)).values();
    const receipts = judged.map((event, index): ReceiptDto => {
      const outcome = event instanceof Refusal ? event : written.next().value!;
      if (outcome instanceof Refusal) {
        this.rejections.note(outcome, route, toText(items[index]));
        return { index, status: 'rejected', code: outcome.code, message: outcome.message };
      }
      return { index, id: (event as NormalisedEvent).id, status: outcome };
    });
    return summarise(receipts);
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

function summarise(receipts: ReceiptDto[]): BatchResultDto {
  const count = (status: ReceiptDto['status']): number =>
    receipts.filter((receipt) => receipt.status === status).length;
  return {
    stored: count('stored'),
    duplicates: count('duplicate'),
    rejected: count('rejected'),
    receipts,
  };
}
