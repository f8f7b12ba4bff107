import { raw, type NextFunction, type Request, type Response } from 'express';
import type { ReceivedBody } from './request-fields.js';
import { Refusal, type RefusalCode } from './refusal.js';

const MAX_EVENT_BYTES = 64 * 1024;
const MAX_BATCH_BYTES = 10 * 1024 * 1024;

/** Bodies of the requests that are being answered. */
const received = new WeakMap<Request, ReceivedBody>();

/** Takes the body of `POST /analytics` as it comes; what goes wrong is judged later, never thrown. */
export const receiveEventBody = receiveBody(MAX_EVENT_BYTES);

/** The same for `POST /analytics/batch`. */
export const receiveBatchBody = receiveBody(MAX_BATCH_BYTES);

/** The body that one of the middlewares above took. */
export function receivedBody(request: Request): ReceivedBody {
  return received.get(request) ?? { bytes: Buffer.alloc(0), contentType: undefined };
}

function receiveBody(limit: number) {
  const parse = raw({ type: () => true, limit });
  return (request: Request, response: Response, next: NextFunction): void => {
    parse(request, response, (error?: unknown) => {
      received.set(request, error === undefined ? bodyOf(request) : refusalOf(error));
      next();
    });
  };
}

/** An application around this one may have parsed the body already. */
function bodyOf(request: Request): ReceivedBody {
  const body: unknown = request.body;
  const contentType = request.headers['content-type'];
  if (body === undefined || body === null) return { bytes: Buffer.alloc(0), contentType };
  if (Buffer.isBuffer(body)) return { bytes: body, contentType };
  if (typeof body === 'string') return { bytes: Buffer.from(body), contentType };
  return { bytes: Buffer.from(JSON.stringify(body)), contentType: 'application/json' };
}

/** By the error types that body-parser documents. */
function refusalOf(error: unknown): Refusal {
  const type = error instanceof Error && 'type' in error ? error.type : undefined;
  const codes: Record<string, RefusalCode> = {
    'entity.too.large': 'body_too_large',
    'encoding.unsupported': 'unsupported_encoding',
    'charset.unsupported': 'unsupported_charset',
  };
  return new Refusal(codes[String(type)] ?? 'unreadable_body');
}
