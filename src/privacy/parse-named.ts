import { z } from 'zod';
import { parseWith } from '../query/language/invalid-query.js';
import type { Named } from './person.js';

const schema = z.strictObject(
  { kind: z.enum(['known', 'anonymous'], 'must be known or anonymous').default('known') },
  'must be kind',
);

/**
 * @param query the query string, as the framework reads it
 * @throws InvalidQueryError
 */
export function parseNamed(id: string, query: Record<string, unknown>): Named {
  return { id, ...parseWith(schema, query) };
}
