import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable, Optional } from '@nestjs/common';
import { UnreadableRequestError } from '../../common/errors.js';
import { TimeSlices, Turns } from '../../common/turns.js';
import { StreamOptions } from '../batch/stream.service.js';
import { boundedChunks } from '../body/bounded-chunks.js';
import { readToEnd } from '../body/read-to-end.js';
import { Room, type Share } from '../body/room.js';
import { EventRules } from '../event-rules.js';
import type { SenderRules } from '../normalise.js';
import { beginningOf, RejectionLog } from '../rejection-log.js';
import { Senders } from '../senders.js';
import { EventWriter } from '../writer/event-writer.js';
import { readFileRequest, type RequestedFile } from './file-request.js';
import { FileRun } from './file-run.js';
import { ImportError } from './import-error.js';
import type { ImportResultDto } from './import.dto.js';
import { LineReceipts } from './line-receipts.js';
import { WriterSink } from './writer-sink.js';

const ROUTE = 'POST /analytics/import';
/** Of all imports: lines whose end hasn't come, events that aren't stored yet, and receipts. */
const MAX_HELD_BYTES = 32 * 1024 * 1024;

/** Stores the events of files as they arrive, and never holds all of one. */
@Injectable()
export class ImportService {
  private readonly room = new Room(MAX_HELD_BYTES);
  private readonly turns = new Turns();

  constructor(
    private readonly writer: EventWriter,
    private readonly rejections: RejectionLog,
    private readonly rules: EventRules,
    private readonly senders: Senders,
    @Optional() private readonly options?: StreamOptions,
  ) {}

  /**
   * @returns with 202 when events lie in the spool, else 200
   * @throws what `Senders.of` does, UnreadableRequestError when nothing could be read, InterruptedStreamError with what was
   *   stored so far when no more could be
   */
  async receive(
    request: IncomingMessage,
    response: ServerResponse,
    query: Readonly<Record<string, unknown>>,
  ): Promise<{ status: 200 | 202; result: ImportResultDto }> {
    // Whoever sends a file sends the events of others: whose they are it says itself.
    const { keyRules } = await this.senders.ofUnread(request, ROUTE);
    return await this.senders.reading(ROUTE, () => this.read(request, response, query, keyRules));
  }

  private async read(
    request: IncomingMessage,
    response: ServerResponse,
    query: Readonly<Record<string, unknown>>,
    rules: SenderRules,
  ): Promise<{ status: 200 | 202; result: ImportResultDto }> {
    const file = readFileRequest(request, query);
    const share = this.room.share();
    const run = this.begin(file, share, rules);
    const incomplete = await this.readAll(request, file, run).finally(() => {
      // The receipts stay until the client has taken the answer.
      if (response.closed) share.hold(0);
      else response.once('close', () => share.hold(0));
    });
    return { status: run.hasAccepted ? 202 : 200, result: run.toResult(incomplete) };
  }

  private begin({ options }: RequestedFile, share: Share, rules: SenderRules): FileRun {
    const slices = new TimeSlices(this.turns);
    return new FileRun(
      {
        sink: new WriterSink(this.writer, { rules: this.rules, slices, sender: rules }),
        receipts: new LineReceipts((reason, text) => {
          this.rejections.note(reason, ROUTE, beginningOf(text));
        }),
        slices,
        hold: (bytes) => share.hold(bytes),
      },
      options,
    );
  }

  private async readAll(
    request: IncomingMessage,
    { chunks }: RequestedFile,
    run: FileRun,
  ): Promise<string | undefined> {
    return await readToEnd(request, 'file', run, async () => {
      try {
        const allowed = this.senders.whileAllowed(request, chunks);
        await run.readAll(boundedChunks(allowed, this.room, this.options?.maxBytes));
      } catch (error) {
        if (!(error instanceof ImportError)) throw error;
        throw new UnreadableRequestError('unreadable_header', error.message, 400);
      }
    });
  }
}
