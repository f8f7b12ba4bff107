import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { findProjectRoot } from '../src/project-root.js';
import { eventsSchema, exportSchema, parseEvents } from '../src/query/language/parse-events.js';
import { funnelSchema, parseFunnel } from '../src/query/language/parse-funnel.js';
import { parseQuery, querySchema } from '../src/query/language/parse-query.js';
import { parseRetention, retentionSchema } from '../src/query/language/parse-retention.js';
import { userSchema, usersSchema } from '../src/query/language/parse-users.js';
import { fromQueryString } from '../src/query/language/shorthand.js';

type Schema = Record<string, unknown> & {
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  oneOf?: Schema[];
};

interface Operation {
  parameters: { name: string; schema: { example?: string } }[];
  requestBody?: {
    content: { 'application/json': { examples: Record<string, { value: object }> } };
  };
}

const document = JSON.parse(readFileSync(join(findProjectRoot(), 'openapi.json'), 'utf8')) as {
  paths: Record<string, Record<'get' | 'post', Operation>>;
  components: { schemas: Record<string, Schema> };
};

const documented = (name: string): Schema => document.components.schemas[name]!;
const parsed = (schema: z.ZodType): Schema =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Schema;

/** What both ways to write a schema say in the same words. */
const SHARED = ['enum', 'default', 'minItems', 'maxItems', 'minimum', 'maximum', 'maxLength'];

const BODIES = [
  { dto: 'QueryDto', path: '/analytics/query', schema: querySchema, parse: parseQuery },
  { dto: 'FunnelDto', path: '/analytics/funnel', schema: funnelSchema, parse: parseFunnel },
  {
    dto: 'RetentionDto',
    path: '/analytics/retention',
    schema: retentionSchema,
    parse: parseRetention,
  },
];

function examplesOf(path: string): object[] {
  const { examples } = document.paths[path]!.post.requestBody!.content['application/json'];
  return Object.values(examples).map(({ value }) => value);
}

function isRead(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}

describe('the documented queries', () => {
  it.each(BODIES)('$dto has the fields and limits that are read', ({ dto, schema }) => {
    const read = parsed(schema).properties!;
    const said = documented(dto).properties!;
    expect(Object.keys(said).toSorted()).toEqual(Object.keys(read).toSorted());
    for (const [field, limits] of Object.entries(read)) {
      const shared = Object.entries(limits).filter(([key]) => SHARED.includes(key));
      expect({ [field]: said[field] }).toMatchObject({ [field]: Object.fromEntries(shared) });
    }
  });

  it('so have the steps of a funnel', () => {
    const { items } = parsed(funnelSchema).properties!['steps']!;
    const { properties } = documented('FunnelStepDto');
    expect(Object.keys(properties!)).toEqual(Object.keys(items!.properties!));
    expect(properties!['event']).toMatchObject({ minLength: 1, maxLength: 100 });
    const named = (event: string) => ({ steps: [{ event }, { event: 'b' }], within: '1h' });
    const lengths = [0, 1, 100, 101].filter((length) =>
      isRead(() => parseFunnel({ ...named('x'.repeat(length)), date_range: 'all' })),
    );
    expect(lengths).toEqual([1, 100]);
  });

  it.each(BODIES)('$dto names as required what may not be left out', ({ dto, parse, path }) => {
    const [example] = examplesOf(path);
    for (const field of Object.keys(documented(dto).properties!)) {
      const { [field]: _, ...rest } = example as Record<string, unknown>;
      const isRequired = documented(dto).required?.includes(field) ?? false;
      expect({ field, isRequired: !isRead(() => parse(rest)) }).toEqual({ field, isRequired });
    }
  });

  it.each(BODIES)('every example of $dto can be read', ({ parse, path }) => {
    const examples = examplesOf(path);
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) expect(() => parse(example)).not.toThrow();
  });

  it.each([
    ['/analytics/query', querySchema, parseQuery],
    ['/analytics/events', eventsSchema, parseEvents],
  ])(
    'GET %s has the same fields as its JSON, and an example that can be read',
    (path, schema, parse) => {
      const { parameters } = document.paths[path]!.get;
      const names = parameters.map(({ name }) => name).filter((name) => name !== 'format');
      expect(names.toSorted()).toEqual(Object.keys(parsed(schema).properties!).toSorted());
      const given = parameters.map(({ name, schema: { example } }) => [name, example]);
      const query = Object.fromEntries(given.filter(([, example]) => example !== undefined));
      expect(() => parse(fromQueryString(query as Record<string, string>))).not.toThrow();
    },
  );

  it('GET /analytics/export has the parameters that are read', () => {
    const { parameters } = document.paths['/analytics/export']!.get;
    expect(parameters.map(({ name }) => name)).toEqual(
      Object.keys(parsed(exportSchema).properties!),
    );
  });
});

describe('the documented questions about users', () => {
  it.each([
    ['/analytics/users', usersSchema, ['traits']],
    ['/analytics/users/{id}', userSchema, ['id']],
  ])('GET %s has the parameters that are read', (path, schema, others) => {
    const { parameters } = document.paths[path]!.get;
    expect(parameters.map(({ name }) => name).toSorted()).toEqual(
      [...Object.keys(parsed(schema).properties!), ...others].toSorted(),
    );
  });
});

describe('the patterns of the documented queries', () => {
  const { metrics, dimensions, date_range: range } = documented('QueryDto').properties!;
  const { within } = documented('FunnelDto').properties!;
  const query = { metrics: ['events'], date_range: '7d' };
  const steps = [{ event: 'a' }, { event: 'b' }];
  const long = 'x'.repeat(256);

  it.each([
    {
      field: 'metrics',
      schema: metrics!.items!,
      texts: [
        'ctr',
        'new_users',
        'count(a)',
        'count()',
        'count(a\n(b))',
        'users',
        `count(${long})`,
      ],
      read: (text: string) => parseQuery({ ...query, metrics: [text] }),
    },
    {
      field: 'dimensions',
      schema: dimensions!.items!,
      texts: [
        'time:day',
        'time:year',
        'time',
        'event',
        'source',
        'trait:a b',
        'property:',
        `trait:${long}`,
      ],
      read: (text: string) => parseQuery({ ...query, dimensions: [text] }),
    },
    {
      field: 'date_range',
      schema: range!.oneOf![0]!,
      texts: ['1h', '0h', '30d', '3w', 'month', 'all', 'year', 'day', '24H', ''],
      read: (text: string) => parseQuery({ ...query, date_range: text }),
    },
    {
      field: 'within',
      schema: within!,
      texts: ['30m', '1s', '7d', '24h', '7', '0d', '1w', '-1h'],
      read: (text: string) => parseFunnel({ steps, within: text, date_range: '7d' }),
    },
  ])('$field: they match what can be read', ({ schema, texts, read }) => {
    const pattern = new RegExp(schema['pattern'] as string);
    expect(texts.filter((text) => pattern.test(text))).toEqual(
      texts.filter((text) => isRead(() => read(text))),
    );
  });
});
