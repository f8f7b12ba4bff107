import { z } from 'zod';
import { IdentityResolver } from '../access/identity-resolver.js';
import { isSchemaName, SCHEMA_NAMES } from '../database/schema-name.js';
import { MAX_ERASURE_DAYS } from '../privacy/privacy.options.js';
import { checkRetention } from '../retention/retention.options.js';
import type { ModuleOptions } from './analytics.options.js';
import { isClass, parseOptions } from './parse-options.js';

/** What options may come to, by way of `forRootAsync` from wherever: a misspelt one would do nothing. */
export const CHECKED_OPTIONS = Symbol('the options of the analytics module, checked');

const required = (accepted: string) => z.string(accepted).min(1, accepted);
const text = required('must be text').optional();
/** @param protocols as a regular expression */
const url = (protocols: string, accepted: string) =>
  z
    .string(accepted)
    .refine((given) => new RegExp(`^(${protocols}):`).test(given) && URL.canParse(given), accepted);
const mapOf = (values: (value: unknown) => boolean, accepted: string) =>
  z.custom<Map<string, unknown>>(
    (given) =>
      given instanceof Map &&
      [...given].every(([key, value]) => typeof key === 'string' && key !== '' && values(value)),
    { error: `must be a Map of ${accepted}` },
  );
const has = (given: object, methods: readonly string[]): boolean =>
  methods.every((method) => typeof (given as Record<string, unknown>)[method] === 'function');
const OBSERVING = ['committed', 'spooled', 'rejected', 'answered', 'folded'];
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
      url: url('postgres|postgresql', 'must be a URL that begins with postgres://'),
      schema: z.string().refine(isSchemaName, `must be ${SCHEMA_NAMES}`).optional(),
    }),
    spool: part({ directory: required('must be a folder'), maxBytes: whole(1) }),
    stream: part({ maxBytes: whole(1) }),
    writeKeys: part({ sources: mapOf((source) => typeof source === 'string', 'keys and sources') }),
    access: part({ open: z.boolean('must be true or false').optional() }),
    limits: part({ perAddress: whole(0).optional(), perKey: whole(0).optional() }),
    timestamps: part({
      maxFutureMs: duration(0).optional(),
      maxAgeMs: duration(1).optional(),
      oldest: z.int('must be milliseconds since 1970-01-01').optional(),
    }),
    retention: part({
      days: anything,
      sources: mapOf(() => true, 'sources and days').optional(),
      rollupDays: anything,
      compressAfterDays: anything,
      intervalMs: whole(1).optional(),
    }),
    privacy: part({ erasureDays: whole(1, MAX_ERASURE_DAYS) }),
    identity: part({
      issuer: url('https?', 'must be the URL of an issuer'),
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
    identityResolver: z
      .custom(
        (given) =>
          given instanceof IdentityResolver ||
          (isClass(given) && has(given.prototype as object, ['resolve'])),
        { error: 'must be an IdentityResolver, or its class' },
      )
      .optional(),
    observer: z
      .custom((given) => typeof given === 'object' && given !== null && has(given, OBSERVING), {
        error: `must have the methods ${OBSERVING.join(', ')}`,
      })
      .optional(),
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
  parseOptions(schema, options);
  if (options.retention) checkRetention(options.retention);
  return options;
}
