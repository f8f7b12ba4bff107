import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import { browserAgentOf } from '../../access/browser-agent.js';
import { hasOptedOut } from '../../access/privacy-signals.js';
import { RequestIdentities } from '../../access/request-identities.js';
import { UnauthorizedError } from '../../access/unauthorized-error.js';
import { discard } from '../body/body-chunks.js';
import { isStream, receivedBody } from '../body/body.middleware.js';
import type { BatchResultDto } from './batch.dto.js';
import { BatchService, type BatchSender } from './batch.service.js';
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
    const whose = await this.senderOf(request);
    const { receipts, incomplete } = isStream(request)
      ? await this.streams.receive(request, response, { choice: choice ?? 'rejected', ...whose })
      : {
          receipts: await this.batches.receive(receivedBody(request), {
            choice: choice ?? 'all',
            ...whose,
          }),
          incomplete: undefined,
        };
    if (receipts.hasNew) this.identities.stored(whose.sender);
    return { status: receipts.hasAccepted ? 202 : 200, result: receipts.toResult(incomplete) };
  }

  private async senderOf(request: IncomingMessage): Promise<BatchSender> {
    const isOut = hasOptedOut(request);
    try {
      // A token that isn't valid is refused as ever, and one that is tells nothing.
      const sender = await this.identities.of(request);
      return {
        sender: isOut ? undefined : sender,
        hasOptedOut: isOut,
        agent: browserAgentOf(request),
      };
    } catch (error) {
      if (error instanceof UnauthorizedError) {
        this.rejections.note(new Refusal(error.code), ROUTE, '');
      }
      void discard(request);
      throw error;
    }
  }
}
