import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import { isStream, receivedBody } from '../body/body.middleware.js';
import type { BatchResultDto } from './batch.dto.js';
import { BatchService } from './batch.service.js';
import type { ReceiptChoice, Receipts } from './receipts.js';
import type { SenderRules } from '../normalise.js';
import { Senders } from '../senders.js';
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
    const sender = await this.senders.ofUnread(request, ROUTE);
    const { receipts, incomplete } = await this.senders.reading(ROUTE, () =>
      this.read(request, response, { choice, ...sender.rules }),
    );
    if (receipts.hasNew) this.senders.stored(sender);
    return { status: receipts.hasAccepted ? 202 : 200, result: receipts.toResult(incomplete) };
  }

  private async read(
    request: IncomingMessage,
    response: ServerResponse,
    { choice, ...rules }: SenderRules & { choice: ReceiptChoice | undefined },
  ): Promise<{ receipts: Receipts; incomplete: string | undefined }> {
    if (isStream(request)) {
      const options = { choice: choice ?? 'rejected', ...rules };
      return await this.streams.receive(request, response, options);
    }
    const options = { choice: choice ?? 'all', ...rules };
    return {
      receipts: await this.batches.receive(receivedBody(request), options),
      incomplete: undefined,
    };
  }
}
