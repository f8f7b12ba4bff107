import { parseJson } from '../../common/json-object.js';
import { UnreadableRequestError } from '../../common/errors.js';

/** Where the next page begins: after the row of these numbers. */
export function writeCursor(numbers: readonly number[]): string {
  return Buffer.from(JSON.stringify(numbers)).toString('base64url');
}

/**
 * @param count how many numbers there are
 * @returns undefined for the first page
 * @throws UnreadableRequestError for what no page gave
 */
export function readCursor(cursor: string | undefined, count: number): number[] | undefined {
  if (cursor === undefined) return undefined;
  const numbers = parseJson(Buffer.from(cursor, 'base64url').toString('utf8'));
  const isOurs =
    Array.isArray(numbers) && numbers.length === count && numbers.every(Number.isSafeInteger);
  if (isOurs) return numbers as number[];
  throw new UnreadableRequestError(
    'invalid_parameter',
    'cursor must be next_cursor of the page before',
    400,
  );
}
