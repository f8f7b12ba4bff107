import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import { isStream, receivedBody } from '../body/body.middleware.js';
import type { BatchResultDto } from './batch.dto.js';
import { BatchService } from './batch.service.js';
import type { ReceiptChoice } from './receipts.js';
import { StreamService } from './stream.service.js';

/** Sends a request to who can read it, and sums up what became of its events. */
@Injectable()
export class BatchReceiver {
  constructor(
    private readonly batches: BatchService,
    private readonly streams: StreamService,
  ) {}

  /**
   * @param choice which receipts; without it all, and those of rejected events for a stream
   * @returns with 202 when events lie in the spool, else 200
   * @throws UnreadableRequestError, OverloadedError, UnavailableError, SpoolUnavailableError,
   *   InterruptedStreamError
   */
  async receive(
    request: IncomingMessage,
    response: ServerResponse,
    choice: ReceiptChoice | undefined,
  ): Promise<{ status: 200 | 202; result: BatchResultDto }> {
    const { receipts, incomplete } = isStream(request)
      ? await this.streams.receive(request, response, choice ?? 'rejected')
      : {
          receipts: await this.batches.receive(receivedBody(request), choice ?? 'all'),
          incomplete: undefined,
        };
    return { status: receipts.hasAccepted ? 202 : 200, result: receipts.toResult(incomplete) };
  }
}
