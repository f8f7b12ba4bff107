import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { UnreadableRequestError } from '../../common/errors.js';
import { receivedBody } from '../../ingest/body/body.middleware.js';
import { callRules, DialectService } from '../dialect.service.js';
import { readJsonBody, unreadable } from '../read-json-body.js';
import { mapEvent } from './map-event.js';
import type { EventsResultDto } from '../calls-result.dto.js';

const MAX_EVENTS = 10_000;
const RULES = { limit: '10 MB and 10,000 events' };

const NAMES = { user: 'distinct_id', id: 'uuid' };

/** The endpoints to which PostHog's SDKs send events. */
@Injectable()
export class PosthogService {
  constructor(private readonly dialect: DialectService) {}

  /**
   * Takes one event, or many as `batch`.
   *
   * @param route such as `POST /batch/`
   * @throws UnreadableRequestError, UnauthorizedError, and what `DialectService.store` does
   */
  receive(request: IncomingMessage, route: string): Promise<EventsResultDto> {
    return this.dialect.reading(request, route, () => this.read(request, route));
  }

  private async read(request: IncomingMessage, route: string): Promise<EventsResultDto> {
    const body = readJsonBody(receivedBody(request), RULES);
    const key = body['api_key'] ?? body['token'];
    const sender = await this.dialect.sender(request, key, route);
    const { batch = [body], sent_at: sentAt } = body;
    if (!Array.isArray(batch)) {
      throw new UnreadableRequestError('invalid_batch', 'batch must be an array of events', 400);
    }
    if (batch.length > MAX_EVENTS) throw unreadable('body_too_large', RULES);
    const rules = callRules(sender, sentAt);
    const events = batch.map((event: unknown) => mapEvent(event, rules));
    const { rejected } = await this.dialect.store(events, sender, { route, names: NAMES });
    return { status: 1, ...(rejected && { rejected }) };
  }
}
