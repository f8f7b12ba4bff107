import type { Field, Filter, Scalar } from '../language/query.js';
import type { SqlParameters } from './sql-parameters.js';

/** Where the values of fields stand in a statement: SQL of ours, none of it from a request. */
export interface Columns {
  event?: string;
  kind?: string;
  source?: string;
  /** Of type jsonb. */
  property?: string;
  trait?: string;
}

/** A condition that is true or false for every row, never unknown: what is absent equals nothing. */
function filterSql(filter: Filter, columns: Columns, parameters: SqlParameters): string {
  const inner = (part: Filter): string => filterSql(part, columns, parameters);
  switch (filter.test) {
    case 'and':
      return `(${filter.filters.map(inner).join(' AND ')})`;
    case 'or':
      return `(${filter.filters.map(inner).join(' OR ')})`;
    case 'not':
      return `(NOT ${inner(filter.filter)})`;
    case 'is':
      return isSql(filter.field, filter.values, columns, parameters);
    case 'exists':
      return `(${textSql(filter.field, columns, parameters)} IS NOT NULL)`;
    case 'contains':
      return anyText(
        filter.texts,
        filter.field,
        columns,
        parameters,
        (text, part) => `strpos(${text}, ${part}) > 0`,
      );
    default:
      return anyText(
        filter.texts.map(toLike),
        filter.field,
        columns,
        parameters,
        (text, part) => `${text} LIKE ${part}`,
      );
  }
}

/** All of them. */
export function allSql(
  filters: readonly Filter[],
  columns: Columns,
  parameters: SqlParameters,
): string {
  return filters.length === 0
    ? 'true'
    : filters.map((filter) => filterSql(filter, columns, parameters)).join(' AND ');
}

/** The value of a field as jsonb, NULL where it's absent or null. */
export function valueSql(field: Field, columns: Columns, parameters: SqlParameters): string {
  if (field.of !== 'property' && field.of !== 'trait') {
    return `to_jsonb(${textSql(field, columns, parameters)})`;
  }
  return `nullif(${columns[field.of]!} -> ${parameters.bind(field.name, 'text')}, 'null')`;
}

function textSql(field: Field, columns: Columns, parameters: SqlParameters): string {
  const column = columns[field.of];
  if (column === undefined) throw new Error(`no column for ${field.of}`);
  if (field.of !== 'property' && field.of !== 'trait') return column;
  return `(${column} ->> ${parameters.bind(field.name, 'text')})`;
}

/** A number equals the same number however it was written, and any value the text of it. */
function isSql(
  field: Field,
  values: readonly Scalar[],
  columns: Columns,
  parameters: SqlParameters,
): string {
  const text = textSql(field, columns, parameters);
  const texts = values.filter((value) => value !== null).map(String);
  const numbers = values.filter((value) => typeof value === 'number').map(String);
  const parts: string[] = [];
  const canBeAbsent = field.of === 'property' || field.of === 'trait';
  if (texts.length > 0) {
    const type = field.of === 'kind' ? 'event_kind[]' : 'text[]';
    const test = `${text} = ANY (${parameters.bind(texts, type)})`;
    // Names are never absent, and an index finds them.
    parts.push(canBeAbsent ? `coalesce(${test}, false)` : test);
  }
  if (numbers.length > 0 && canBeAbsent) {
    const value = valueSql(field, columns, parameters);
    parts.push(`coalesce(${value} = ANY (${parameters.bind(numbers, 'jsonb[]')}), false)`);
  }
  if (values.includes(null)) parts.push(`${text} IS NULL`);
  return `(${parts.join(' OR ')})`;
}

function anyText(
  texts: readonly string[],
  field: Field,
  columns: Columns,
  parameters: SqlParameters,
  test: (text: string, part: string) => string,
): string {
  const text = textSql(field, columns, parameters);
  const parts = parameters.bind(texts, 'text[]');
  return `EXISTS (SELECT FROM unnest(${parts}) AS part WHERE ${test(text, 'part')})`;
}

/**
 * `*` stands for any characters and `?` for one. PostgreSQL gives LIKE up at the end of the text
 * instead of trying all ways again (`like_match.c` in its source), so that no pattern runs for ever.
 */
function toLike(pattern: string): string {
  return pattern.replaceAll(/[\\%_*?]/g, (character) => {
    if (character === '*') return '%';
    return character === '?' ? '_' : `\\${character}`;
  });
}
