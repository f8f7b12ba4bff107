import { toJson } from '../../common/json-object.js';
import type { ReceiptDto } from '../batch/batch.dto.js';
import { judgeItem } from '../batch/judge.js';
import type { EventFields } from '../normalise.js';
import { Refusal } from '../refusal.js';
import type { EventReceiver } from './event-sink.js';
import type { ImportRecord } from './record.js';
import type { RejectedLines } from './rejected-lines.js';

const MAX_BATCH_EVENTS = 1_000;
/** A batch that has reached this is sent; 10 MB is what a request may have. */
const MAX_BATCH_BYTES = 2 * 1024 * 1024;
/** No event that is accepted comes near: it's judged here, for it might not fit into a request. */
const MAX_EVENT_BYTES = 256 * 1024;
/** A record in memory without its texts: a batch of lines that are no event has an end, too. */
const RECORD_BYTES = 250;

/** What an import has done so far. */
export interface ImportCounts {
  /** Lines that were read, or records of several. */
  lines: number;
  stored: number;
  duplicates: number;
  /** Events that the server keeps on disk while its database is away. */
  accepted: number;
  /** Lines of which not all is stored, for a reason that is told. */
  rejected: number;
  /** Lines that are readable, and no event. */
  skipped: number;
}

/** Records whose events go in one batch. */
interface Batch {
  records: ImportRecord[];
  events: EventFields[];
  /** Of the events as JSON, and of the lines, which wait with them. */
  bytes: number;
}

/** A batch on its way. */
interface SentBatch {
  records: ImportRecord[];
  bytes: number;
  receipts: Promise<ReceiptDto[]>;
}

/** Sends the events of records on, a few batches at a time, and counts what became of them. */
export class Importer {
  readonly counts: ImportCounts = {
    lines: 0,
    stored: 0,
    duplicates: 0,
    accepted: 0,
    rejected: 0,
    skipped: 0,
  };
  private batch: Batch = emptyBatch();
  /** In the order of the file, so that rejected lines stay in that order. */
  private readonly inFlight: SentBatch[] = [];
  private bytesInFlight = 0;

  /** @param source for events that name none */
  constructor(
    private readonly sink: EventReceiver,
    private readonly rejected: RejectedLines,
    private readonly source: string | undefined,
    private readonly signal: AbortSignal,
  ) {}

  /** What the lines and events take in memory that aren't stored yet. */
  get heldBytes(): number {
    return this.batch.bytes + this.bytesInFlight;
  }

  async add(record: ImportRecord): Promise<void> {
    const { batch, source } = this;
    const events = record.events.map((event) =>
      source === undefined ? event : { ...event, source: event.source ?? source },
    );
    const sizes = events.map(sizeOf);
    const refusal = refusalOfOversized(events, sizes);
    if (refusal) {
      const { code, message } = refusal;
      batch.records.push({ ...record, events: [], problem: { code, message } });
    } else {
      batch.records.push(record);
      batch.events.push(...events);
      batch.bytes += sizes.reduce((sum, size) => sum + size, 0);
    }
    batch.bytes += RECORD_BYTES + record.text.length;
    const isFull = batch.events.length >= MAX_BATCH_EVENTS || batch.bytes >= MAX_BATCH_BYTES;
    if (isFull) await this.dispatch();
  }

  /** Sends what is left, and waits for all of it. */
  async finish(): Promise<void> {
    await this.dispatch();
    while (this.inFlight.length > 0) await this.takeReceipts();
  }

  /** After a failure: what else was stored counts, too. */
  async settleStored(): Promise<void> {
    while (this.inFlight.length > 0) await this.takeReceipts().catch(() => {});
  }

  private async dispatch(): Promise<void> {
    const { records, events, bytes } = this.batch;
    if (records.length === 0) return;
    this.batch = emptyBatch();
    const receipts =
      events.length === 0 ? Promise.resolve([]) : this.sink.send(events, this.signal);
    // It's looked at in its turn; until then a failure isn't one that nobody handles.
    receipts.catch(() => {});
    this.inFlight.push({ records, bytes, receipts });
    this.bytesInFlight += bytes;
    if (this.inFlight.length >= this.sink.batchesAtOnce) await this.takeReceipts();
  }

  private async takeReceipts(): Promise<void> {
    const { records, bytes, receipts } = this.inFlight.shift()!;
    const received = await receipts.finally(() => {
      this.bytesInFlight -= bytes;
    });
    const answers = received.values();
    for (const record of records) {
      await this.settleRecord(
        record,
        record.events.map(() => answers.next().value!),
      );
    }
  }

  /** A line with several events is rejected once. */
  private async settleRecord(record: ImportRecord, receipts: ReceiptDto[]): Promise<void> {
    this.counts.lines += 1;
    for (const { status } of receipts) {
      if (status === 'stored') this.counts.stored += 1;
      if (status === 'duplicate') this.counts.duplicates += 1;
      if (status === 'accepted') this.counts.accepted += 1;
    }
    const refused = receipts.find(({ status }) => status === 'rejected');
    const problem =
      record.problem ??
      (refused && { code: refused.code ?? 'rejected', message: refused.message ?? '' });
    if (problem) {
      this.counts.rejected += 1;
      await this.rejected.add(record.line, problem, record.text);
    } else if (receipts.length === 0) {
      this.counts.skipped += 1;
    }
  }
}

/** Of the event as JSON; what is nested too deeply to be written as such is larger than any. */
function sizeOf(event: EventFields): number {
  const json = toJson(event);
  return json === undefined ? Number.POSITIVE_INFINITY : Buffer.byteLength(json);
}

function refusalOfOversized(events: EventFields[], sizes: number[]): Refusal | undefined {
  const oversized = events.find((_, index) => sizes[index]! > MAX_EVENT_BYTES);
  if (oversized === undefined) return undefined;
  // An import's events have a time of their own.
  const verdict = judgeItem(oversized, { now: 0 });
  return verdict instanceof Refusal ? verdict : undefined;
}

function emptyBatch(): Batch {
  return { records: [], events: [], bytes: 0 };
}
