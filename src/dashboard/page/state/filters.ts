/** A filter of the query language, as people make it by clicking. */
export type Filter = [test: string, ...rest: unknown[]];

export type Value = string | number | boolean | null;

/** Events that have this value; without one, those where the field is absent. */
export function filterBy(field: string, value: Value): Filter {
  return value === null ? ['not', ['exists', field]] : ['is', field, [value]];
}

/** For people. */
export function filterText(filter: Filter): string {
  const [test, ...rest] = filter;
  switch (test) {
    case 'not':
      return notText(rest[0] as Filter);
    case 'and':
    case 'or':
      return (rest[0] as Filter[]).map((part) => `(${filterText(part)})`).join(` ${test} `);
    case 'exists':
      return `${nameOf(rest[0])} is there`;
    default:
      return `${nameOf(rest[0])} ${test.replace('_', ' ')} ${valuesText(rest[1])}`;
  }
}

function notText(filter: Filter): string {
  if (filter[0] === 'exists') return `${nameOf(filter[1])} is absent`;
  return `not (${filterText(filter)})`;
}

/** `property:path` is called path, as it was when it was sent. */
export function nameOf(field: unknown): string {
  return String(field).replace(/^(property|trait):/, '');
}

function valuesText(values: unknown): string {
  const all = Array.isArray(values) ? values : [values];
  return all.map((value) => valueText(value)).join(' or ');
}

/** For people: nothing has a name, too. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return '(none)';
  if (value === '') return '(empty)';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The same filter isn't added twice. */
export function withFilter(filters: readonly Filter[], added: Filter): Filter[] {
  const text = JSON.stringify(added);
  if (filters.some((filter) => JSON.stringify(filter) === text)) return [...filters];
  return [...filters, added];
}

/** @returns undefined for what is no list of filters */
export function readFilters(text: string): Filter[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((part) => isFilter(part)) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** As deep as the API takes them. */
const MAX_DEPTH = 10;

function isFilter(value: unknown, depth = 1): value is Filter {
  if (!Array.isArray(value) || depth > MAX_DEPTH) return false;
  const [test, first, second, ...rest] = value as unknown[];
  if (rest.length > 0) return false;
  switch (test) {
    case 'and':
    case 'or':
      return Array.isArray(first) && first.every((part) => isFilter(part, depth + 1));
    case 'not':
      return isFilter(first, depth + 1);
    case 'exists':
      return typeof first === 'string' && second === undefined;
    default:
      return typeof test === 'string' && typeof first === 'string' && second !== undefined;
  }
}
