import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import type { ResolvedIdentity } from '../../access/identity-resolver.js';
import { RequestIdentities } from '../../access/request-identities.js';
import { UnauthorizedError } from '../../access/unauthorized-error.js';
import { discard } from '../body/body-chunks.js';
import { isStream, receivedBody } from '../body/body.middleware.js';
import type { BatchResultDto } from './batch.dto.js';
import { BatchService } from './batch.service.js';
import type { ReceiptChoice } from './receipts.js';
import { Refusal } from '../refusal.js';
import { RejectionLog } from '../rejection-log.js';
import { StreamService } from './stream.service.js';

const ROUTE = 'POST /analytics/batch';

/** Sends a request to who can read it, and sums up what became of its events. */
@Injectable()
export class BatchReceiver {
  constructor(
    private readonly batches: BatchService,
    private readonly streams: StreamService,
    private readonly identities: RequestIdentities,
    private readonly rejections: RejectionLog,
  ) {}

  /**
   * @param choice which receipts; without it all, and those of rejected events for a stream
   * @returns with 202 when events lie in the spool, else 200
   * @throws UnauthorizedError, UnreadableRequestError, OverloadedError, UnavailableError,
   *   SpoolUnavailableError, InterruptedStreamError
   */
  async receive(
    request: IncomingMessage,
    response: ServerResponse,
    choice: ReceiptChoice | undefined,
  ): Promise<{ status: 200 | 202; result: BatchResultDto }> {
    const sender = await this.senderOf(request);
    const { receipts, incomplete } = isStream(request)
      ? await this.streams.receive(request, response, { choice: choice ?? 'rejected', sender })
      : {
          receipts: await this.batches.receive(receivedBody(request), {
            choice: choice ?? 'all',
            sender,
          }),
          incomplete: undefined,
        };
    if (receipts.hasNew) this.identities.stored(sender);
    return { status: receipts.hasAccepted ? 202 : 200, result: receipts.toResult(incomplete) };
  }

  private async senderOf(request: IncomingMessage): Promise<ResolvedIdentity | undefined> {
    try {
      return await this.identities.of(request);
    } catch (error) {
      if (error instanceof UnauthorizedError) {
        this.rejections.note(new Refusal(error.code), ROUTE, '');
      }
      void discard(request);
      throw error;
    }
  }
}
