import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import { discard } from '../body/body-chunks.js';
import { isStream, receivedBody } from '../body/body.middleware.js';
import type { BatchResultDto } from './batch.dto.js';
import { BatchService } from './batch.service.js';
import type { ReceiptChoice } from './receipts.js';
import { Senders, type Sender } from '../senders.js';
import { StreamService } from './stream.service.js';

const ROUTE = 'POST /analytics/batch';

/** Sends a request to who can read it, and sums up what became of its events. */
@Injectable()
export class BatchReceiver {
  constructor(
    private readonly batches: BatchService,
    private readonly streams: StreamService,
    private readonly senders: Senders,
  ) {}

  /**
   * @param choice which receipts; without it all, and those of rejected events for a stream
   * @returns with 202 when events lie in the spool, else 200
   * @throws what `Senders.of` does, and UnreadableRequestError, OverloadedError, UnavailableError,
   *   SpoolUnavailableError, InterruptedStreamError
   */
  async receive(
    request: IncomingMessage,
    response: ServerResponse,
    choice: ReceiptChoice | undefined,
  ): Promise<{ status: 200 | 202; result: BatchResultDto }> {
    const sender = await this.senderOf(request);
    const { rules } = sender;
    const { receipts, incomplete } = isStream(request)
      ? await this.streams.receive(request, response, { choice: choice ?? 'rejected', ...rules })
      : {
          receipts: await this.batches.receive(receivedBody(request), {
            choice: choice ?? 'all',
            ...rules,
          }),
          incomplete: undefined,
        };
    if (receipts.hasNew) this.senders.stored(sender);
    return { status: receipts.hasAccepted ? 202 : 200, result: receipts.toResult(incomplete) };
  }

  private async senderOf(request: IncomingMessage): Promise<Sender> {
    try {
      return await this.senders.of(request, ROUTE);
    } catch (error) {
      void discard(request);
      throw error;
    }
  }
}
