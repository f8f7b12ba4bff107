import type { IncomingMessage, ServerResponse } from 'node:http';
import bodyParser from 'body-parser';
import { UnreadableRequestError } from '../common/errors.js';

const MAX_BYTES = 1024 * 1024;

/** What went wrong with a body; told when it's asked for, where errors are mapped to answers. */
const problems = new WeakMap<IncomingMessage, UnreadableRequestError>();

const parse = bodyParser.json({ limit: MAX_BYTES, type: () => true, strict: false });

/** Takes the body of a query; an application around this one may have parsed it already. */
export function receiveQueryBody(
  request: IncomingMessage & { body?: unknown },
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

/** @throws UnreadableRequestError */
export function queryBody(request: IncomingMessage & { body?: unknown }): unknown {
  const problem = problems.get(request);
  if (problem) throw problem;
  return request.body;
}

function problemOf(error: unknown): UnreadableRequestError {
  const { status } = error as { status?: number };
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
