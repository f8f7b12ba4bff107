import { once } from 'node:events';
import type { Request, Response } from 'express';
import { InvalidQueryError } from './language/invalid-query.js';
import type { AnswerText, Format } from './thread/tasks.js';

const TYPES = { json: 'application/json', csv: 'text/csv', ndjson: 'application/x-ndjson' };

/**
 * By `format`, else by the Accept header.
 *
 * @throws InvalidQueryError
 */
export function formatOf(request: Request): Format {
  const { format } = request.query;
  if (format === undefined) {
    return request.accepts(['application/json', 'text/csv']) === 'text/csv' ? 'csv' : 'json';
  }
  if (format !== 'json' && format !== 'csv') {
    throw new InvalidQueryError('format', 'must be json or csv, given once');
  }
  return format;
}

/** Aborts when the client goes away before its answer is complete. */
export function whileConnected(response: Response): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => controller.abort());
  return controller.signal;
}

export function sendAnswer(
  response: Response,
  format: Format,
  { text, nextCursor, botEventsLeftOut }: AnswerText,
): void {
  response.vary('Accept').type(TYPES[format]);
  if (nextCursor !== null) response.setHeader('X-Next-Cursor', nextCursor);
  if (botEventsLeftOut !== undefined) {
    response.setHeader('X-Analytics-Bots-Excluded', String(botEventsLeftOut));
  }
  response.send(text);
}

/**
 * Sends text as it comes, no faster than the client takes it. What fails before the first part is
 * thrown; after it the connection is broken off, so that nobody takes a part for the whole.
 */
export async function sendParts(
  response: Response,
  format: 'ndjson' | 'csv',
  parts: AsyncGenerator<string>,
  signal: AbortSignal,
): Promise<void> {
  let next = await parts.next();
  response.type(TYPES[format]);
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
