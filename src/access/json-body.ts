import type { IncomingMessage } from 'node:http';
import { UnreadableRequestError } from '../common/errors.js';
import { JsonBodies } from '../common/json-body.js';

const bodies = new JsonBodies({ maxBytes: 64 * 1024, explain });

/** Takes a small body of JSON, by its content type alone: no page can send that without asking before. */
export const receiveJsonBody = bodies.receive;

/**
 * @returns undefined where there is none
 * @throws UnreadableRequestError
 */
export function jsonBody(request: IncomingMessage): unknown {
  const body = bodies.of(request);
  const hasBody = Number(request.headers['content-length'] ?? 0) > 0;
  if (body === undefined && hasBody) throw unsupported();
  return body;
}

function explain(status: number | undefined): UnreadableRequestError {
  if (status === 413) {
    return new UnreadableRequestError('body_too_large', 'the body must be at most 64 KB', 413);
  }
  if (status === 415) return unsupported();
  return new UnreadableRequestError('unreadable_body', 'the body must be a JSON object', 400);
}

function unsupported(): UnreadableRequestError {
  return new UnreadableRequestError(
    'unsupported_content_type',
    'the body must be application/json in UTF-8',
    415,
  );
}
