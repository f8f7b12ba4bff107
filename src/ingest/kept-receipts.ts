/** One in memory. */
const RECEIPT_BYTES = 200;
/** Always kept. */
const FEW = 80;

/** The receipts that an answer will hold; the others are counted alone. */
export class KeptReceipts<Receipt> {
  readonly all: Receipt[] = [];
  private omittedCount = 0;

  /** @param limit how many are kept */
  constructor(private limit = Number.POSITIVE_INFINITY) {}

  add(receipt: Receipt): void {
    if (this.all.length < this.limit) this.all.push(receipt);
    else this.omittedCount += 1;
  }

  /** How many are counted alone. */
  get omitted(): number {
    return this.omittedCount;
  }

  /** What they take in memory. */
  get bytes(): number {
    return this.all.length * RECEIPT_BYTES;
  }

  /** Where there's no room for more: all but a few are counted alone. */
  keepFew(): void {
    this.limit = Math.min(this.limit, FEW);
    this.omittedCount += this.all.splice(this.limit).length;
  }
}
