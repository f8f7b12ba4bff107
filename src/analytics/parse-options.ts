import type { z } from 'zod';
import { InvalidQueryError, parseWith } from '../query/language/invalid-query.js';

/** @throws TypeError that names the first thing that is wrong, and what it takes */
export function parseOptions(schema: z.ZodType, options: unknown): void {
  try {
    parseWith(schema, options);
  } catch (error) {
    if (!(error instanceof InvalidQueryError)) throw error;
    const told = error.message.replace(': ', ' ');
    throw new TypeError(`The options of AnalyticsModule: ${told}`, { cause: error });
  }
}

export function isClass(value: unknown): value is new (...args: never[]) => object {
  return typeof value === 'function' && typeof value.prototype === 'object';
}
