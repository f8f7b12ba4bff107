import { KeptReceipts } from '../kept-receipts.js';
import type { Reason } from '../refusal.js';
import type { ImportReceiptDto } from './import.dto.js';
import type { RejectedLines } from './rejected-lines.js';

/** The answer holds no more; all are counted. */
const MAX_RECEIPTS = 10_000;

/** The rejected lines of an import, for its answer and for the log of rejections. */
export class LineReceipts implements RejectedLines {
  readonly kept = new KeptReceipts<ImportReceiptDto>(MAX_RECEIPTS);

  /** @param note takes each, with the line's text */
  constructor(private readonly note: (reason: Reason, text: string) => void) {}

  add(line: number, { code, message }: Reason, text: string): void {
    this.note({ code, message }, text);
    this.kept.add({ line, code, message });
  }
}
