import * as fc from 'fast-check';
import { resolve, type Schema } from '../endpoints.js';

/** What no client in its right mind sends, as JSON may hold it. */
const LONG = 70_000;
const DEEP = 3_000;
const HOSTILE: unknown[] = [
  null,
  true,
  0,
  -1,
  0.5,
  1e308,
  2 ** 53 + 2,
  '',
  ' ',
  '\0',
  '\u{d800}',
  'é\u{301}\u{202e}💥',
  '\r\nX-Injected: yes',
  "' OR 1=1; --",
  '%ZZ%00%c0%af',
  '../../etc/passwd',
  '1e400',
  '9'.repeat(400),
  'x'.repeat(LONG),
  '__proto__',
  [],
  {},
  [[]],
  { constructor: { prototype: { polluted: 1 } } },
  JSON.parse('{"__proto__":{"polluted":1}}'),
  JSON.parse(`${'['.repeat(DEEP)}${']'.repeat(DEEP)}`),
  JSON.parse(`${'{"a":'.repeat(DEEP)}1${'}'.repeat(DEEP)}`),
];

export const hostile: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...HOSTILE) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 300 }) },
);

/** Text as JSON or URLs may bring it. */
export const text = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('u-81', 'b-1', 'click', 'signup', 'default', 'plan') },
  { weight: 2, arbitrary: fc.string({ unit: 'grapheme', maxLength: 20 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 300 }) },
);

/** A few days: one event in each year would have the database make thousands of chunks. */
const moment = fc.oneof(
  fc
    .date({ min: new Date('2026-11-20'), max: new Date('2026-11-25'), noInvalidDate: true })
    .map((date) => date.toISOString()),
  fc.integer({ min: 1_763_600_000, max: 1_764_000_000 }),
);

const field = fc.oneof(
  fc.constantFrom('event', 'source', 'property:plan', 'trait:plan', 'property:__proto__'),
  fc.tuple(fc.constantFrom('property:', 'trait:', ''), text).map((parts) => parts.join('')),
);
const values = fc.array(fc.oneof(text, fc.double(), fc.boolean(), fc.constant(null)), {
  minLength: 1,
  maxLength: 4,
});
const pattern = fc.array(
  fc.array(fc.constantFrom('*', '?', 'a', '%', '_', '\\'), { maxLength: 9 }),
);
const { filter } = fc.letrec<{ filter: unknown }>((tie) => ({
  filter: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.tuple(fc.constantFrom('is', 'is_not', 'contains', 'matches'), field, values),
    fc.tuple(
      fc.constant('matches'),
      field,
      pattern.map((list) => list.map((parts) => parts.join(''))),
    ),
    fc.tuple(fc.constant('exists'), field),
    fc.tuple(fc.constantFrom('and', 'or'), fc.array(tie('filter'), { maxLength: 3 })),
    fc.tuple(fc.constant('not'), tie('filter')),
  ),
}));

const metric = fc.oneof(
  fc.constantFrom('unique_users', 'events', 'clicks', 'impressions', 'ctr', 'new_users'),
  text.map((name) => `count(${name})`),
);
const dimension = fc.oneof(
  fc.constantFrom('minute', 'hour', 'day', 'week', 'month').map((unit) => `time:${unit}`),
  field,
);
const cursor = fc.oneof(
  text,
  fc
    .jsonValue({ maxDepth: 2 })
    .map((value) => Buffer.from(JSON.stringify(value)).toString('base64url')),
  fc
    .array(fc.oneof(fc.maxSafeInteger(), fc.uuid()), { maxLength: 4 })
    .map((list) => Buffer.from(JSON.stringify(list)).toString('base64url')),
);

/** What the schema of these doesn't say well enough for many of them to be read. */
const NAMED: Record<string, fc.Arbitrary<unknown>> = {
  filters: fc.array(filter, { maxLength: 3 }),
  metrics: fc.uniqueArray(metric, { minLength: 1, maxLength: 4 }),
  dimensions: fc.uniqueArray(dimension, { maxLength: 3 }),
  order_by: fc.array(fc.oneof(metric, fc.tuple(metric, fc.constantFrom('asc', 'desc')))),
  date_range: fc.oneof(
    fc.constantFrom('1h', '24h', '7d', '30d', 'month', 'year', 'all'),
    fc.tuple(moment, moment),
    fc.constant(['2026-11-01', '2026-12-01']),
  ),
  timezone: fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Kathmandu', 'Mars/Base', '__proto__'),
  within: fc.constantFrom('30m', '24h', '7d', '36525d', '0d', '1w'),
  timestamp: moment,
  sentAt: moment,
  originalTimestamp: moment,
  from: moment,
  to: moment,
  cursor,
  last_event_id: text,
  distinct_id: text,
  userId: text,
  anonymousId: text,
  previousId: text,
  groupId: text,
};

/**
 * Values that a schema allows, and now and then, at any depth, some that it doesn't: another type, a
 * key too few or too many.
 *
 * @param name of the property that it's the schema of
 */
export function valuesOf(schema: Schema, name = ''): fc.Arbitrary<unknown> {
  const usual = NAMED[name] ?? usualOf(resolve(schema), name);
  return fc.oneof({ weight: 14, arbitrary: usual }, { weight: 1, arbitrary: hostile });
}

function usualOf(schema: Schema, name: string): fc.Arbitrary<unknown> {
  const { type, enum: choices, oneOf, anyOf, allOf, items, example, format } = schema;
  if (choices) return fc.constantFrom(...choices);
  const variants = oneOf ?? anyOf ?? allOf;
  if (variants) return fc.oneof(...variants.map((variant) => valuesOf(variant, name)));
  switch (type) {
    case 'object':
      return objectsOf(schema);
    case 'array':
      return fc.array(valuesOf(items ?? {}), { maxLength: 4 });
    case 'boolean':
      return fc.boolean();
    case 'integer':
    case 'number':
      return fc.oneof(fc.integer({ min: -1, max: 1_100 }), fc.double());
    case 'string':
      if (format === 'date-time') return moment;
      return example === undefined ? text : fc.oneof(fc.constant(example), text);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function objectsOf({ properties, required = [] }: Schema): fc.Arbitrary<unknown> {
  const extra = fc.dictionary(
    fc.oneof(text, fc.constantFrom('__proto__', 'constructor')),
    hostile,
    {
      maxKeys: 2,
      noNullPrototype: true,
    },
  );
  if (!properties) return fc.oneof(fc.constant({ plan: 'pro' }), extra, fc.object({ maxDepth: 2 }));
  const known = Object.entries(properties).map(
    ([name, schema]) => [name, valuesOf(schema, name)] as const,
  );
  const whole = fc.record(Object.fromEntries(known), {
    requiredKeys: required,
    noNullPrototype: true,
  });
  const anyKeys = fc.record(Object.fromEntries(known), { requiredKeys: [], noNullPrototype: true });
  return fc.oneof(
    { weight: 8, arbitrary: whole },
    { weight: 1, arbitrary: anyKeys },
    // Not by spreading into it, which would set the prototype in place of a key of this name.
    {
      weight: 1,
      arbitrary: fc
        .tuple(whole, extra)
        .map(([object, more]) =>
          Object.fromEntries([...Object.entries(object), ...Object.entries(more)]),
        ),
    },
  );
}
