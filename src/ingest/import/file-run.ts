import { TimeSlices } from '../../common/turns.js';
import type { BodyRun } from '../body/read-to-end.js';
import type { EventReceiver } from './event-sink.js';
import type { FileOptions } from './import-options.js';
import type { ImportResultDto } from './import.dto.js';
import { Importer } from './importer.js';
import type { LineReceipts } from './line-receipts.js';
import { readRecords } from './read-records.js';

/** What is being stored is stored: an import that came as a request ends with its bytes. */
const NEVER = new AbortController().signal;

/** What a run stores by, and how it behaves towards others. */
export interface FileTarget {
  sink: EventReceiver;
  receipts: LineReceipts;
  slices: TimeSlices;
  /** @see Share.hold */
  hold(bytes: number): boolean;
}

/** One file on its way: a few batches are stored at once, and it's read no further meanwhile. */
export class FileRun implements BodyRun {
  private readonly importer: Importer;

  constructor(
    private readonly target: FileTarget,
    private readonly options: FileOptions,
  ) {
    this.importer = new Importer(target.sink, target.receipts, options.source, NEVER);
  }

  /**
   * Reads it to its end, and stores what is complete. Where there's no room to hold what isn't stored yet, that is stored first,
   * and few receipts are kept.
   *
   * @throws ImportError, and what the bytes and the sink throw
   */
  async readAll(bytes: AsyncIterable<Buffer>): Promise<void> {
    const { slices } = this.target;
    for await (const records of readRecords(this.inTurns(bytes), this.options)) {
      for (const record of records) {
        if (slices.isOver) await slices.next();
        await this.importer.add(record);
      }
      // The next may be long in coming, and these would be kept until then.
      records.length = 0;
      if (!this.tellHeld()) await this.makeRoom();
    }
  }

  /** Stores what was read. */
  async finish(): Promise<void> {
    await this.importer.finish();
    this.tellHeld();
  }

  /** After a failure: what else was stored counts, too. */
  async settleStored(): Promise<void> {
    await this.importer.settleStored();
  }

  /** Lines of which it's known what became of them. */
  get total(): number {
    return this.importer.counts.lines;
  }

  get hasAccepted(): boolean {
    return this.importer.counts.accepted > 0;
  }

  /** @param incomplete why the rest was not read, where that is so */
  toResult(incomplete?: string): ImportResultDto {
    const { lines, stored, duplicates, accepted, rejected, skipped } = this.importer.counts;
    const { all, omitted } = this.target.receipts.kept;
    return {
      lines,
      stored,
      duplicates,
      ...(accepted > 0 && { accepted }),
      rejected,
      skipped,
      ...(incomplete !== undefined && { incomplete }),
      receipts: all,
      ...(omitted > 0 && { receipts_omitted: omitted }),
    };
  }

  /** Each piece is taken apart as a whole, which may take some milliseconds. */
  private async *inTurns(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of bytes) {
      await this.target.slices.next();
      yield chunk;
    }
  }

  private async makeRoom(): Promise<void> {
    await this.finish();
    if (!this.tellHeld()) this.target.receipts.kept.keepFew();
    this.tellHeld();
  }

  private tellHeld(): boolean {
    return this.target.hold(this.importer.heldBytes + this.target.receipts.kept.bytes);
  }
}
