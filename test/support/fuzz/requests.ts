import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { examplesOf, resolve, type Endpoint, type Parameter, type Schema } from '../endpoints.js';
import { hostile, text, valuesOf } from './values.js';

/** Longer headers are answered by Node, by 431, before anything of ours sees them. */
const MAX_QUERY = 10_000;

/** As it goes over the wire. */
export interface FuzzRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Buffer | undefined;
}

/** Requests to an endpoint: most are as the document says, many nearly so. */
export function requestsTo(endpoint: Endpoint): fc.Arbitrary<FuzzRequest> {
  const { method, path, operation } = endpoint;
  const { parameters = [], requestBody } = operation;
  const body = requestBody ? bodiesOf(requestBody.content, examplesOf(endpoint)) : NO_BODY;
  return fc
    .record({ path: pathsOf(path, parameters), query: queriesOf(parameters), body, headers })
    .map((parts) => ({
      method: method.toUpperCase(),
      path: parts.query === '' ? parts.path : `${parts.path}?${parts.query.slice(0, MAX_QUERY)}`,
      headers: { ...parts.body.headers, ...parts.headers },
      body: parts.body.bytes,
    }));
}

interface Body {
  headers: Record<string, string>;
  bytes: Buffer | undefined;
}

const NO_BODY: fc.Arbitrary<Body> = fc.constant({ headers: {}, bytes: undefined });

/** Of any request: none of them changes what it's about. */
const headers: fc.Arbitrary<Record<string, string>> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Record<string, string>[]>(
      { Accept: 'text/csv' },
      { Accept: 'application/json' },
      { Accept: 'image/png' },
      { Accept: ',;q=,*/*;q=2' },
      { 'Accept-Encoding': 'br;q=0, gzip;q=x' },
      { 'If-None-Match': '*' },
      { 'Sec-GPC': '1' },
      { DNT: '1' },
      { Authorization: 'Basic !!!!' },
      { Authorization: 'Bearer x.y.z' },
      { Origin: 'https://elsewhere.example' },
      { 'X-HTTP-Method-Override': 'DELETE' },
      { 'Last-Event-ID': 'no-id' },
      { Range: 'bytes=0-1' },
      { 'Content-Encoding': 'rot13' },
    ),
  },
);

function pathsOf(path: string, parameters: readonly Parameter[]): fc.Arbitrary<string> {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
  const given = names.map((name) => {
    const { schema, example } = parameters.find((one) => one.name === name)!;
    const known = example ?? schema.example;
    return fc.oneof(
      { weight: 3, arbitrary: fc.constant(encodeURIComponent(String(known))) },
      { weight: 2, arbitrary: fc.constantFrom('1', '2147483648', '99999999999', '-1') },
      { weight: 2, arbitrary: text.map(encoded) },
      { weight: 1, arbitrary: fc.constantFrom('%ZZ', '%', '%c0%af', '%00', '%2e%2e', '..%2f') },
    );
  });
  return fc
    .tuple(...given)
    .map((values) =>
      names.reduce((whole, name, index) => whole.replace(`{${name}}`, () => values[index]!), path),
    );
}

/** Halves of surrogate pairs can't be encoded. */
function wellFormed(value: string): string {
  return Buffer.from(value).toString();
}

/** Nothing at all and dots would make another path of it. */
function encoded(value: string): string {
  return ['', '.', '..'].includes(value) ? '%20' : encodeURIComponent(wellFormed(value));
}

function queriesOf(parameters: readonly Parameter[]): fc.Arbitrary<string> {
  const known = parameters
    .filter((parameter) => parameter.in === 'query')
    .map((parameter) => entriesOf(parameter));
  const stray = fc.oneof(
    { weight: 12, arbitrary: fc.constant<[string, string][]>([]) },
    { weight: 1, arbitrary: fc.array(fc.tuple(text, text), { maxLength: 2 }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        [['__proto__', '1']],
        [['constructor[prototype][x]', '1']],
        [['a[]', '1']],
      ),
    },
  );
  const pairs = fc.tuple(fc.tuple(...known), stray).map(([lists, more]) => {
    const all = [...lists.flat(), ...more] as [string, string][];
    return new URLSearchParams(all).toString();
  });
  return fc.oneof(
    { weight: 20, arbitrary: pairs },
    { weight: 1, arbitrary: pairs.map((query) => `${query}&%ZZ=%&&=&limit=1&limit=2`) },
  );
}

function entriesOf({
  name,
  schema,
  required = false,
}: Parameter): fc.Arbitrary<[string, string][]> {
  const once = valuesOf(schema, name).map((value): [string, string][] =>
    schema.type === 'object' && isPlain(value)
      ? Object.entries(value).map(([key, item]) => [key, inQuery(key, item)])
      : [[name, inQuery(name, value)]],
  );
  return fc.oneof(
    { weight: required ? 30 : 2, arbitrary: once },
    { weight: required ? 1 : 4, arbitrary: fc.constant<[string, string][]>([]) },
  );
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Lists have commas between their items, other structures are JSON. */
function inQuery(name: string, value: unknown): string {
  if (
    Array.isArray(value) &&
    name !== 'filters' &&
    value.every((item) => typeof item !== 'object')
  ) {
    return value.join(',');
  }
  const whole = typeof value === 'string' ? value : written('application/json', value);
  return wellFormed(whole.slice(0, 3_000));
}

function bodiesOf(
  content: Record<string, { schema: Schema }>,
  examples: readonly { type: string; body?: string }[],
): fc.Arbitrary<Body> {
  const byType = Object.entries(content).map(([type, { schema }]) => {
    const shown = examples.filter((example) => example.type === type).map(({ body }) => body!);
    return textsOf(type, schema, shown).map((body) => ({ type, body }));
  });
  const types = fc.constantFrom(
    'text/plain',
    'image/png',
    'application/json; charset=latin1',
    ';',
    '',
  );
  return fc
    .record({ given: fc.oneof(...byType), isOther: isRare, other: types, spoil: spoiling })
    .map(({ given, isOther, other, spoil }) => {
      const plain = Buffer.from(given.body);
      const { bytes, encoding } = spoil(plain);
      const type = isOther ? other : given.type;
      return {
        bytes,
        headers: {
          ...(type !== '' && { 'Content-Type': type }),
          ...(encoding !== undefined && { 'Content-Encoding': encoding }),
        },
      };
    });
}

const isRare = fc.integer({ min: 0, max: 15 }).map((number) => number === 0);

function textsOf(type: string, schema: Schema, shown: readonly string[]): fc.Arbitrary<string> {
  const known = shown.length > 0 ? [fc.constantFrom(...shown)] : [];
  const made =
    resolve(schema).type === 'string'
      ? linesOf(shown)
      : valuesOf(schema).map((value) => written(type, value));
  return fc.oneof(
    { weight: 4, arbitrary: made },
    ...known.map((arbitrary) => ({ weight: 1, arbitrary })),
  );
}

/** Lines of the examples, and others among them. */
function linesOf(shown: readonly string[]): fc.Arbitrary<string> {
  const lines = shown.flatMap((example) => example.split('\n'));
  const odd = fc.oneof(
    hostile.map((value) => JSON.stringify(value)),
    text,
    fc.constantFrom('', '"', ',,,,', '"""', '\u{feff}{}', '\t', '{"user":1e400}', '[]'),
  );
  const line = fc.oneof({ weight: 3, arbitrary: fc.constantFrom('', ...lines) }, odd);
  return fc
    .tuple(fc.constantFrom(lines[0] ?? ''), fc.array(line, { maxLength: 6 }))
    .map(([first, rest]) => [first, ...rest].join('\n'));
}

function written(type: string, value: unknown): string {
  if (type !== 'application/x-www-form-urlencoded' || !isPlain(value)) {
    // There is no JSON for what isn't there.
    return value === undefined ? '' : JSON.stringify(value);
  }
  return new URLSearchParams(
    Object.entries(value).map(([key, item]): [string, string] => [key, JSON.stringify(item)]),
  ).toString();
}

type Spoiled = { bytes: Buffer; encoding?: string };

/** What becomes of bodies on their way. */
const spoiling: fc.Arbitrary<(bytes: Buffer) => Spoiled> = fc.oneof(
  { weight: 14, arbitrary: fc.constant((bytes: Buffer) => ({ bytes })) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<((bytes: Buffer) => Spoiled)[]>(
      (bytes) => ({ bytes: gzipSync(bytes), encoding: 'gzip' }),
      (bytes) => ({ bytes, encoding: 'gzip' }),
      (bytes) => ({ bytes: bytes.subarray(0, bytes.length >> 1) }),
      (bytes) => ({ bytes: Buffer.concat([Buffer.from('\u{feff}'), bytes]) }),
      (bytes) => ({ bytes: Buffer.concat([bytes, Buffer.from('}]garbage')]) }),
      (bytes) => ({ bytes: Buffer.concat([bytes, bytes]) }),
      (bytes) => ({ bytes: Buffer.concat([Buffer.from([0xff, 0xfe, 0xc0]), bytes]) }),
      (bytes) => ({ bytes: Buffer.from(bytes.toString().replaceAll('}', ',"limit":1e400}')) }),
      (bytes) => ({
        bytes: Buffer.from(bytes.toString().replaceAll('{', '{"user":"a","user":"b",')),
      }),
      () => ({ bytes: Buffer.alloc(0) }),
    ),
  },
);
