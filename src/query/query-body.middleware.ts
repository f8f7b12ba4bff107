import type { IncomingMessage } from 'node:http';
import { UnreadableRequestError } from '../common/errors.js';
import { JsonBodies } from '../common/json-body.js';

const bodies = new JsonBodies({ maxBytes: 1024 * 1024, anyType: true, explain });

/** Takes the body of a query. */
export const receiveQueryBody = bodies.receive;

/** @throws UnreadableRequestError */
export function queryBody(request: IncomingMessage): unknown {
  return bodies.of(request);
}

function explain(status: number | undefined): UnreadableRequestError {
  if (status === 413) {
    return new UnreadableRequestError('body_too_large', 'a query must be at most 1 MB', 413);
  }
  if (status === 415) {
    return new UnreadableRequestError(
      'unsupported_encoding',
      'a query must be JSON in UTF-8, as it is or compressed by gzip, deflate or br',
      415,
    );
  }
  return new UnreadableRequestError('unreadable_body', 'a query must be a JSON object', 400);
}
