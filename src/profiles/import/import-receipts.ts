import type { Refusal } from '../../ingest/refusal.js';
import type { ProfileImportDto, ProfileReceiptDto } from '../profiles.dto.js';

/** The answer holds no more; all are counted. */
const MAX_RECEIPTS = 1_000;

/** Counts what became of an import's lines, and keeps why some aren't stored. */
export class ImportReceipts {
  private stored = 0;
  private rejected = 0;
  private readonly receipts: ProfileReceiptDto[] = [];

  addStored(): void {
    this.stored += 1;
  }

  addRejected(line: number, { code, message }: Refusal): void {
    this.rejected += 1;
    if (this.receipts.length < MAX_RECEIPTS) this.receipts.push({ line, code, message });
  }

  /** How many lines were judged. */
  get total(): number {
    return this.stored + this.rejected;
  }

  /** @param incomplete why the rest was not read, where that is so */
  toResult(incomplete?: string): ProfileImportDto {
    const { stored, rejected, receipts } = this;
    const omitted = rejected - receipts.length;
    return {
      stored,
      rejected,
      ...(incomplete !== undefined && { incomplete }),
      receipts,
      ...(omitted > 0 && { receipts_omitted: omitted }),
    };
  }
}
