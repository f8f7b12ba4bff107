import { z } from 'zod';
import { isUserId } from '../common/text.js';
import { UnknownUserError } from '../query/engine/refusals.js';
import { parseWith } from '../query/language/invalid-query.js';
import type { Named } from './person.js';

const schema = z.strictObject(
  { kind: z.enum(['known', 'anonymous'], 'must be known or anonymous').default('known') },
  'must be kind',
);

/**
 * @param query the query string, as the framework reads it
 * @throws InvalidQueryError, and UnknownUserError for what can be nobody's id
 */
export function parseNamed(id: string, query: Record<string, unknown>): Named {
  const { kind } = parseWith(schema, query);
  if (!isUserId(id)) throw new UnknownUserError(kind);
  return { id, kind };
}
