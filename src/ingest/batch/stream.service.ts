import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, Optional } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { AnalyticsError, InterruptedStreamError, OverloadedError } from '../../common/errors.js';
import { bodyChunks, CutOffError, discard } from '../body/body-chunks.js';
import { readLines } from '../lines.js';
import type { NormalisedEvent } from '../normalise.js';
import type { Outcome } from '../outcome.js';
import { Refusal } from '../refusal.js';
import { RejectionLog } from '../rejection-log.js';
import { EventWriter } from '../writer/event-writer.js';
import { requireUtf8, unreadable } from './read-batch.js';
import { Receipts, type ReceiptChoice } from './receipts.js';
import { StreamRun } from './stream-run.js';

/** How much one stream may bring. */
export abstract class StreamOptions {
  /** Decompressed. */
  abstract readonly maxBytes: number;
}

const ROUTE = 'POST /analytics/batch';
/** The answer holds no more; all are counted. */
const MAX_RECEIPTS = 10_000;
/** A writer that is full is waited for: the client holds back meanwhile. */
const PATIENCE_MS = 30_000;
const PAUSE_MS = 20;

/** Stores newline-delimited JSON as it arrives, a group of lines at a time, and never holds all of it. */
@Injectable()
export class StreamService {
  private readonly logger = new Logger(StreamService.name);

  constructor(
    private readonly writer: EventWriter,
    private readonly rejections: RejectionLog,
    private readonly clock: Clock,
    @Optional() private readonly options?: StreamOptions,
  ) {}

  /**
   * @returns the receipts, and why the rest wasn't read where that is so
   * @throws UnreadableRequestError when nothing could be read, InterruptedStreamError with what was
   *   stored so far when no more could be
   */
  async receive(
    request: IncomingMessage,
    choice: ReceiptChoice,
  ): Promise<{ receipts: Receipts; incomplete: string | undefined }> {
    requireUtf8(request.headers['content-type'] ?? '');
    const chunks = bodyChunks(request);
    if (chunks instanceof Refusal) throw unreadable(chunks.code);
    const run = new StreamRun(new Receipts(choice, MAX_RECEIPTS), {
      write: (events) => this.write(events),
      noteRefusal: (refusal, text) => this.rejections.note(refusal, ROUTE, text),
    });
    const incomplete = await this.readAll(request, chunks, run);
    if (incomplete === undefined) return { receipts: run.receipts, incomplete };
    const { total } = run.receipts;
    this.logger.warn(`A stream ended early, after ${total} events: ${incomplete}`);
    if (total === 0) throw unreadable('unreadable_body');
    return { receipts: run.receipts, incomplete };
  }

  /** @returns why the rest wasn't read, if anything is left */
  private async readAll(
    request: IncomingMessage,
    chunks: AsyncGenerator<Buffer>,
    run: StreamRun,
  ): Promise<string | undefined> {
    const maxBytes = this.options?.maxBytes ?? Number.POSITIVE_INFINITY;
    try {
      for await (const lines of readLines(limited(chunks, maxBytes))) {
        await run.add(lines, { now: this.clock.now() });
      }
      await run.finish();
      return undefined;
    } catch (error) {
      void discard(request);
      if (error instanceof AnalyticsError) {
        await run.settleStored();
        throw new InterruptedStreamError(error, run.receipts.toResult());
      }
      if (!(error instanceof CutOffError)) throw error;
      await run.finish();
      return error.message;
    }
  }

  private async write(events: NormalisedEvent[]): Promise<Outcome[]> {
    const giveUpAt = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        return await this.writer.write(events);
      } catch (error) {
        if (!(error instanceof OverloadedError) || performance.now() > giveUpAt) throw error;
        await sleep(PAUSE_MS);
      }
    }
  }
}

async function* limited(chunks: AsyncGenerator<Buffer>, maxBytes: number): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new CutOffError(`a stream has at most ${maxBytes} bytes here`);
    yield chunk;
  }
}
