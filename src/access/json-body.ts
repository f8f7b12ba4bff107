import type { IncomingMessage, ServerResponse } from 'node:http';
import bodyParser from 'body-parser';
import { UnreadableRequestError } from '../common/errors.js';

type WithBody = IncomingMessage & { body?: unknown };

const MAX_BYTES = 64 * 1024;
const problems = new WeakMap<IncomingMessage, UnreadableRequestError>();
const parse = bodyParser.json({ limit: MAX_BYTES, strict: false });

/** Takes a small body of JSON, by its content type alone: no page can send that without asking before. */
export function receiveJsonBody(
  request: WithBody,
  response: ServerResponse,
  next: () => void,
): void {
  if (request.body !== undefined && request.body !== null) {
    next();
    return;
  }
  parse(request, response, (error?: unknown) => {
    if (error !== undefined && error !== null) problems.set(request, problemOf(error));
    next();
  });
}

/**
 * @returns undefined where there is none
 * @throws UnreadableRequestError
 */
export function jsonBody(request: WithBody): unknown {
  const problem = problems.get(request);
  if (problem) throw problem;
  const { body } = request;
  const hasBody = Number(request.headers['content-length'] ?? 0) > 0;
  if (body === undefined && hasBody) throw unsupported();
  return body;
}

function problemOf(error: unknown): UnreadableRequestError {
  const { status } = error as { status?: number };
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
