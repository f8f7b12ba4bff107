import { z } from 'zod';
import { isSchemaName, SCHEMA_NAMES } from '../database/schema-name.js';
import { MAX_ERASURE_DAYS } from '../privacy/privacy.options.js';
import { InvalidQueryError, parseWith } from '../query/language/invalid-query.js';
import { checkRetention } from '../retention/retention.options.js';
import type { ModuleOptions } from './analytics.options.js';

/** What options may come to, by way of `forRootAsync` from wherever: a misspelt one would do nothing. */
export const CHECKED_OPTIONS = Symbol('the options of the analytics module, checked');

const text = z.string('must be text').min(1, 'must be text').optional();
const whole = (min: number, max = Number.MAX_SAFE_INTEGER) => {
  const accepted =
    max === Number.MAX_SAFE_INTEGER
      ? `must be a whole number from ${min} on`
      : `must be a whole number from ${min} to ${max}`;
  return z.int(accepted).min(min, accepted).max(max, accepted);
};
/** In milliseconds; Infinity is one. */
const duration = (min: number) =>
  z.custom<number>((value) => typeof value === 'number' && value >= min, {
    error: `must be a number of milliseconds from ${min} on`,
  });
const part = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
  z.strictObject(shape, 'must be an object').optional();
const anything = z.unknown().optional();

const schema = z.strictObject(
  {
    database: part({
      url: z.string('must be the URL of a PostgreSQL server'),
      schema: z.string().refine(isSchemaName, `must be ${SCHEMA_NAMES}`).optional(),
    }),
    spool: part({ directory: z.string('must be a folder'), maxBytes: whole(1) }),
    stream: part({ maxBytes: whole(1) }),
    writeKeys: part({ sources: z.instanceof(Map, { error: 'must be a Map of keys and sources' }) }),
    access: part({ open: z.boolean('must be true or false').optional() }),
    limits: part({ perAddress: whole(0).optional(), perKey: whole(0).optional() }),
    timestamps: part({
      maxFutureMs: duration(0).optional(),
      maxAgeMs: duration(1).optional(),
      oldest: z.int('must be milliseconds since 1970-01-01').optional(),
    }),
    retention: part({
      days: anything,
      sources: z.instanceof(Map, { error: 'must be a Map of sources and days' }).optional(),
      rollupDays: anything,
      compressAfterDays: anything,
      intervalMs: whole(1).optional(),
    }),
    privacy: part({ erasureDays: whole(1, MAX_ERASURE_DAYS) }),
    identity: part({
      issuer: z.string('must be the URL of an issuer'),
      audience: text,
      userClaim: text,
      traitClaims: z.array(z.string('must be text'), 'must be names of claims').optional(),
      cooldownMs: whole(0).optional(),
    }),
    query: part({
      maxRawRows: whole(1).optional(),
      maxBuckets: whole(1).optional(),
      maxResultRows: whole(1).optional(),
      timeoutMs: whole(1).optional(),
      cacheBytes: whole(0).optional(),
    }),
    identityResolver: anything,
    observer: anything,
    // Registered with the module, and among the options that it's given then.
    dataSource: anything,
    name: anything,
  },
  'must be an object',
);

/**
 * Looks through the options before anything is done with them.
 *
 * @returns the same
 * @throws TypeError that names the first one that is wrong, and what it takes
 */
export function checkOptions(options: ModuleOptions): ModuleOptions {
  try {
    parseWith(schema, options);
  } catch (error) {
    if (!(error instanceof InvalidQueryError)) throw error;
    const told = error.message.replace(': ', ' ');
    throw new TypeError(`The options of AnalyticsModule: ${told}`, { cause: error });
  }
  if (options.retention) checkRetention(options.retention);
  return options;
}
