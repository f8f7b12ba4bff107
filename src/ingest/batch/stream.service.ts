import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable, Optional } from '@nestjs/common';
import { Turns } from '../../common/turns.js';
import { bodyChunks } from '../body/body-chunks.js';
import { boundedChunks } from '../body/bounded-chunks.js';
import { readToEnd } from '../body/read-to-end.js';
import { Room } from '../body/room.js';
import { EventRules } from '../event-rules.js';
import { readLines } from '../lines.js';
import type { SenderRules } from '../normalise.js';
import { Refusal } from '../refusal.js';
import { RejectionLog } from '../rejection-log.js';
import { Senders } from '../senders.js';
import { EventWriter } from '../writer/event-writer.js';
import { writePatiently } from '../writer/write-patiently.js';
import { requireUtf8, unreadable } from './read-batch.js';
import type { BatchOptions } from './batch.service.js';
import { Receipts } from './receipts.js';
import { StreamRun } from './stream-run.js';

/** How much one stream may bring. */
export abstract class StreamOptions {
  /** Decompressed. */
  abstract readonly maxBytes: number;
}

const ROUTE = 'POST /analytics/batch';
/** The answer holds no more; all are counted. */
const MAX_RECEIPTS = 10_000;
/** Of all streams: lines whose end hasn't come, events that aren't stored yet, and receipts. */
const MAX_HELD_BYTES = 32 * 1024 * 1024;

/** Stores newline-delimited JSON as it arrives, a group of lines at a time, and never holds all of it. */
@Injectable()
export class StreamService {
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
   * @returns the receipts, and why the rest wasn't read where that is so
   * @throws UnreadableRequestError when nothing could be read, InterruptedStreamError with what was
   *   stored so far when no more could be
   */
  async receive(
    request: IncomingMessage,
    response: ServerResponse,
    { choice, ...rules }: BatchOptions,
  ): Promise<{ receipts: Receipts; incomplete: string | undefined }> {
    requireUtf8(request.headers['content-type'] ?? '');
    const chunks = bodyChunks(request);
    if (chunks instanceof Refusal) throw unreadable(chunks.code);
    const events = this.room.share();
    const run = new StreamRun(new Receipts(choice, MAX_RECEIPTS), {
      hold: (bytes) => events.hold(bytes),
      turn: () => this.turns.next(),
      // While the writer is full the client holds back.
      write: (written) => writePatiently(this.writer, written),
      noteRefusal: (refusal, text) => this.rejections.note(refusal, ROUTE, text),
    });
    const incomplete = await this.readAll(request, chunks, run, rules).finally(() => {
      // The receipts stay until the client has taken the answer.
      if (response.closed) events.hold(0);
      else response.once('close', () => events.hold(0));
    });
    return { receipts: run.receipts, incomplete };
  }

  private async readAll(
    request: IncomingMessage,
    body: AsyncGenerator<Buffer>,
    run: StreamRun,
    rules: SenderRules,
  ): Promise<string | undefined> {
    const maxBytes = this.options?.maxBytes;
    const chunks = this.senders.whileAllowed(request, body);
    return await readToEnd(request, 'stream', run, async () => {
      for await (const lines of readLines(boundedChunks(chunks, this.room, maxBytes))) {
        await run.add(lines, { ...this.rules.current(), ...rules });
        // The next may be long in coming, and these would be kept until then.
        lines.length = 0;
      }
    });
  }
}
