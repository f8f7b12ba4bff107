import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { isJsonObject, toJson } from '../../common/json-object.js';
import { UnreadableRequestError } from '../../common/errors.js';
import { receivedBody } from '../../ingest/body/body.middleware.js';
import { callRules, DialectService, type DialectAnswer } from '../dialect.service.js';
import { readJsonBody, unreadable } from '../read-json-body.js';
import { mapCall, type CallType } from './map-call.js';

/** As in Segment. */
const MAX_CALLS = 2_500;
/** What a batch says of all of its calls is kept with each: of a small request that makes a large one. */
const MAX_SHARED_BYTES = 10 * 1024 * 1024;
const RULES = { limit: '500 KB and 2,500 events, and an event 32 KB' };

const NAMES = { user: 'userId (or anonymousId)', id: 'messageId' };

/** Segment's HTTP Tracking API (https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/). */
@Injectable()
export class SegmentService {
  constructor(private readonly dialect: DialectService) {}

  /** @throws UnreadableRequestError, UnauthorizedError, and what `DialectService.store` does */
  receiveCall(request: IncomingMessage, type: CallType): Promise<DialectAnswer> {
    const route = `POST /v1/${type}`;
    return this.dialect.reading(request, route, () => this.readCall(request, route, type));
  }

  /**
   * The same; a batch has calls of any type, and what it says besides is said of each.
   *
   * @param route for the log of rejections
   * @param agent the user agent of whoever sends it, where that is known to be the calls' own
   */
  receiveBatch(
    request: IncomingMessage,
    route = 'POST /v1/batch',
    agent?: string,
  ): Promise<DialectAnswer> {
    return this.dialect.reading(request, route, () => this.readBatch(request, route, agent));
  }

  private async readCall(
    request: IncomingMessage,
    route: string,
    type: CallType,
  ): Promise<DialectAnswer> {
    const call = readJsonBody(receivedBody(request), RULES);
    const sender = await this.dialect.sender(request, call['writeKey'], route);
    const rules = callRules(sender, call['sentAt']);
    return await this.dialect.store([mapCall(call, rules, type)], sender, { route, names: NAMES });
  }

  private async readBatch(
    request: IncomingMessage,
    route: string,
    agent: string | undefined,
  ): Promise<DialectAnswer> {
    const body = readJsonBody(receivedBody(request), RULES);
    const { batch, context, sentAt } = body;
    const key = body['writeKey'] ?? keyOfFirst(batch);
    const sender = await this.dialect.sender(request, key, route);
    if (!Array.isArray(batch)) {
      throw new UnreadableRequestError('invalid_batch', 'batch must be an array of calls', 400);
    }
    if (batch.length > MAX_CALLS) throw unreadable('body_too_large', RULES);
    requireRoomFor(context, batch.length);
    const rules = callRules(sender, sentAt);
    rules.agent = agent ?? rules.agent;
    const calls = batch.map((call: unknown) => mapCall(withContext(call, context), rules));
    return await this.dialect.store(calls, sender, { route, names: NAMES });
  }
}

/** Some clients, such as the tracker, say it with each call: it's one for all of a batch. */
function keyOfFirst(batch: unknown): unknown {
  const first: unknown = Array.isArray(batch) ? batch[0] : undefined;
  return isJsonObject(first) ? first['writeKey'] : undefined;
}

/** @throws UnreadableRequestError where the context of all calls would be too much together */
function requireRoomFor(context: unknown, calls: number): void {
  if (!isJsonObject(context)) return;
  const text = toJson(context);
  if (text !== undefined && Buffer.byteLength(text) * calls <= MAX_SHARED_BYTES) return;
  const accepted =
    'the context of a batch is kept with each of its calls: that may be 10 MB for all together';
  throw new UnreadableRequestError('body_too_large', accepted, 413);
}

/** Of what both say, the call's own counts. */
function withContext(call: unknown, context: unknown): unknown {
  if (!isJsonObject(context) || !isJsonObject(call)) return call;
  const own = call['context'];
  if (own === undefined || own === null) return { ...call, context };
  return isJsonObject(own) ? { ...call, context: { ...context, ...own } } : call;
}
