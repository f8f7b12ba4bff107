import type { Field, Filter, Scalar } from './query.js';

/** Notes what is wrong, and where: the path below the filter. */
export type Complain = (path: (string | number)[], message: string) => never;

const MAX_DEPTH = 10;
const MAX_VALUES = 1_000;
const MAX_TEXT = 1_000;
const MAX_WILDCARDS = 10;
const MAX_NAME = 255;
/** Of all filters of a list: each binds up to four values, and a statement has 65,535 at most. */
const MAX_TESTS = 1_000;

export const FIELDS_ACCEPTED = 'event, source, property:<name> or trait:<name>';
const FILTERS_ACCEPTED =
  'a filter is ["is", FIELD, [VALUE, ...]], likewise with is_not, contains or matches, ' +
  '["exists", FIELD], ["and", [FILTER, ...]], ["or", [FILTER, ...]] or ["not", FILTER]';

/** Reads one filter; see {@link FILTERS_ACCEPTED}. */
export function parseFilter(value: unknown, complain: Complain): Filter {
  return read(value, [], complain, 1);
}

/** Whether a list has no more tests, those within others included, than one may have. */
export function areFewTests(filters: readonly Filter[]): boolean {
  return filters.reduce((sum, filter) => sum + countTests(filter), 0) <= MAX_TESTS;
}

export const TESTS_ACCEPTED = `at most ${MAX_TESTS} tests, those within other filters included`;

function countTests(filter: Filter): number {
  if (filter.test === 'not') return countTests(filter.filter);
  if (filter.test !== 'and' && filter.test !== 'or') return 1;
  return filter.filters.reduce((sum, part) => sum + countTests(part), 0);
}

type Path = (string | number)[];

function read(value: unknown, path: Path, complain: Complain, depth: number): Filter {
  if (!Array.isArray(value) || value.length === 0) return complain(path, FILTERS_ACCEPTED);
  if (depth > MAX_DEPTH) return complain(path, `filters stand at most ${MAX_DEPTH} deep`);
  const [test, ...rest] = value as unknown[];
  switch (test) {
    case 'and':
    case 'or':
      expectLength(value, 2, path, complain);
      return { test, filters: readAll(rest[0], [...path, 1], complain, depth) };
    case 'not':
      expectLength(value, 2, path, complain);
      return { test, filter: read(rest[0], [...path, 1], complain, depth + 1) };
    case 'exists':
      expectLength(value, 2, path, complain);
      return { test, field: readField(rest[0], [...path, 1], complain) };
    case 'is':
    case 'is_not':
    case 'contains':
    case 'matches':
      expectLength(value, 3, path, complain);
      return readTest(test, rest, path, complain);
    default:
      return complain([...path, 0], FILTERS_ACCEPTED);
  }
}

function expectLength(value: unknown[], length: number, path: Path, complain: Complain): void {
  if (value.length !== length)
    complain(path, `this filter has ${length} parts: ${FILTERS_ACCEPTED}`);
}

function readAll(value: unknown, path: Path, complain: Complain, depth: number): Filter[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_VALUES) {
    return complain(path, `must be a list of 1 to ${MAX_VALUES} filters`);
  }
  return value.map((item, index) => read(item, [...path, index], complain, depth + 1));
}

function readTest(
  test: 'is' | 'is_not' | 'contains' | 'matches',
  [fieldText, given]: unknown[],
  path: Path,
  complain: Complain,
): Filter {
  const field = readField(fieldText, [...path, 1], complain);
  const values = readValues(given, [...path, 2], complain);
  if (test === 'is') return { test, field, values };
  if (test === 'is_not') return { test: 'not', filter: { test: 'is', field, values } };
  const texts = values.map((value, index) =>
    typeof value === 'string' && value !== ''
      ? value
      : complain([...path, 2, index], 'must be a text that is not empty'),
  );
  if (test === 'matches') {
    for (const [index, text] of texts.entries()) {
      if (text.replaceAll(/[^*?]/g, '').length <= MAX_WILDCARDS) continue;
      complain([...path, 2, index], `a pattern has at most ${MAX_WILDCARDS} of * and ?`);
    }
  }
  return { test, field, texts };
}

function readValues(value: unknown, path: Path, complain: Complain): Scalar[] {
  const values: unknown[] = Array.isArray(value) ? value : [value];
  if (values.length === 0 || values.length > MAX_VALUES) {
    return complain(path, `must be a list of 1 to ${MAX_VALUES} values`);
  }
  return values.map((item, index) => {
    if (isScalar(item)) return item;
    return complain(
      Array.isArray(value) ? [...path, index] : path,
      `must be a text of at most ${MAX_TEXT} characters, a number, true, false or null`,
    );
  });
}

function isScalar(value: unknown): value is Scalar {
  if (typeof value === 'string') return value.length <= MAX_TEXT && !value.includes('\0');
  return value === null || typeof value === 'boolean' || Number.isFinite(value);
}

/** Reads the name of a field. */
function readField(value: unknown, path: Path, complain: Complain): Exclude<Field, { of: 'kind' }> {
  const field = typeof value === 'string' ? fieldOf(value) : undefined;
  return field ?? complain(path, `must be ${FIELDS_ACCEPTED}`);
}

/** @returns undefined for what names no field */
export function fieldOf(text: string): Exclude<Field, { of: 'kind' }> | undefined {
  if (text === 'event' || text === 'source') return { of: text };
  const match = /^(property|trait):([^]+)$/.exec(text);
  const name = match?.[2] ?? '';
  if (!match || name.length > MAX_NAME || name.includes('\0')) return undefined;
  return { of: match[1] as 'property' | 'trait', name };
}
