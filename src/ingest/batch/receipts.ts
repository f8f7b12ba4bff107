import { KeptReceipts } from '../kept-receipts.js';
import type { Outcome } from '../outcome.js';
import { Refusal } from '../refusal.js';
import type { BatchResultDto, ReceiptDto } from './batch.dto.js';

/** Which receipts an answer holds. */
export type ReceiptChoice = 'all' | 'rejected';

/** Counts what became of a request's events, and keeps the receipts that were asked for. */
export class Receipts {
  private readonly counts = { stored: 0, duplicates: 0, accepted: 0, rejected: 0 };
  private readonly kept: KeptReceipts<ReceiptDto>;

  /** @param limit receipts beyond it are counted alone */
  constructor(
    private readonly choice: ReceiptChoice,
    limit?: number,
  ) {
    this.kept = new KeptReceipts(limit);
  }

  /** @param id under which the event is kept; undefined for one that was never written */
  add(index: number, id: string | undefined, outcome: Outcome): void {
    if (outcome instanceof Refusal) {
      this.counts.rejected += 1;
      const { code, message } = outcome;
      this.kept.add({ index, status: 'rejected', code, message });
      return;
    }
    this.counts[outcome === 'duplicate' ? 'duplicates' : outcome] += 1;
    if (this.choice === 'all') this.kept.add({ index, id: id!, status: outcome });
  }

  /** What they take in memory. */
  get bytes(): number {
    return this.kept.bytes;
  }

  /** Where there's no room for more: all but a few are counted alone. */
  keepFew(): void {
    this.kept.keepFew();
  }

  /** How many events were judged. */
  get total(): number {
    const { stored, duplicates, accepted, rejected } = this.counts;
    return stored + duplicates + accepted + rejected;
  }

  /** Whether some lie in the spool, not compared for duplicates yet. */
  get hasAccepted(): boolean {
    return this.counts.accepted > 0;
  }

  /** Whether anything is there now that wasn't before. */
  get hasNew(): boolean {
    return this.counts.stored + this.counts.accepted > 0;
  }

  /** @param incomplete why the request's rest was not read, where that is so */
  toResult(incomplete?: string): BatchResultDto {
    const { stored, duplicates, accepted, rejected } = this.counts;
    const { all, omitted } = this.kept;
    return {
      stored,
      duplicates,
      ...(accepted > 0 && { accepted }),
      rejected,
      ...(incomplete !== undefined && { incomplete }),
      receipts: all,
      ...(omitted > 0 && { receipts_omitted: omitted }),
    };
  }
}
