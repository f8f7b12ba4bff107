import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { addVary, preferredType, queryParameters, sendText } from '../common/http.js';
import { InvalidQueryError } from './language/invalid-query.js';
import type { AnswerText, Format } from './thread/tasks.js';

const TYPES = {
  json: 'application/json; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
  ndjson: 'application/x-ndjson',
};

/**
 * By `format`, else by the Accept header.
 *
 * @throws InvalidQueryError
 */
export function formatOf(request: IncomingMessage): Format {
  const { format } = queryParameters(request);
  if (format === undefined) {
    return preferredType(request, ['application/json', 'text/csv']) === 'text/csv' ? 'csv' : 'json';
  }
  if (format !== 'json' && format !== 'csv') {
    throw new InvalidQueryError('format', 'must be json or csv, given once');
  }
  return format;
}

/** Aborts when the client goes away before its answer is complete. */
export function whileConnected(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => controller.abort());
  return controller.signal;
}

export function sendAnswer(
  response: ServerResponse,
  format: Format,
  { text, nextCursor, botEventsLeftOut }: AnswerText,
): void {
  addVary(response, 'Accept');
  if (nextCursor !== null) response.setHeader('X-Next-Cursor', nextCursor);
  if (botEventsLeftOut !== undefined) {
    response.setHeader('X-Analytics-Bots-Excluded', String(botEventsLeftOut));
  }
  sendText(response, TYPES[format], text);
}

/**
 * Sends text as it comes, no faster than the client takes it. What fails before the first part is
 * thrown; after it the connection is broken off, so that nobody takes a part for the whole.
 */
export async function sendParts(
  response: ServerResponse,
  format: 'ndjson' | 'csv',
  parts: AsyncGenerator<string>,
  signal: AbortSignal,
): Promise<void> {
  let next = await parts.next();
  response.setHeader('Content-Type', TYPES[format]);
  try {
    while (!next.done && !signal.aborted) {
      if (!response.write(next.value)) await once(response, 'drain', { signal });
      next = await parts.next();
    }
    response.end();
  } catch {
    response.destroy();
  }
}
