import type { Filter, Scalar } from '../language/query.js';
import { PERSON_TRAITS, WITH_TRAITS } from './traits.js';
import type { SqlParameters } from './sql-parameters.js';

/** More values than these are found by the trait's name alone. */
const MAX_VALUES = 20;
const NUMBER = /^-?\d+(\.\d+)?$/;

/**
 * What has to be true of whoever passes a filter, as the index over people's traits can find it. More
 * may pass this than the filter.
 *
 * @returns undefined where the index doesn't help
 */
export function indexedSql(filter: Filter, parameters: SqlParameters): string | undefined {
  const name = nameOfTrait(filter);
  if (name === undefined) return undefined;
  const key = parameters.bind(name, 'text');
  const values = filter.test === 'is' ? filter.values.flatMap(valuesAsJson) : [undefined];
  if (values.length > MAX_VALUES || values.includes(undefined)) {
    return `(${WITH_TRAITS} AND ${PERSON_TRAITS} ? ${key})`;
  }
  const tests = values.map((value) => {
    const part = parameters.bind(value!.value, value!.type);
    return `${PERSON_TRAITS} @> jsonb_build_object(${key}, ${part})`;
  });
  return `(${WITH_TRAITS} AND (${tests.join(' OR ')}))`;
}

/** Whether the index knows who passes; else perhaps who has the trait at all, which may be all. */
export function isFoundByValue(filter: Filter): boolean {
  return filter.test === 'is' && nameOfTrait(filter) !== undefined;
}

/** Of a test that nobody passes who doesn't have the trait. */
function nameOfTrait(filter: Filter): string | undefined {
  if (!('field' in filter)) return undefined;
  const isOfNull = filter.test === 'is' && filter.values.includes(null);
  return filter.field.of === 'trait' && !isOfNull ? filter.field.name : undefined;
}

/** What a value may be stored as: it equals its text, and what has that text. */
function valuesAsJson(value: Scalar): ({ value: string; type: 'text' | 'jsonb' } | undefined)[] {
  const text = String(value);
  // The text of a list or an object, however it was written.
  if (/^[[{]/.test(text)) return [undefined];
  const isJson = typeof value !== 'string' || NUMBER.test(text) || /^(true|false)$/.test(text);
  return [
    { value: text, type: 'text' },
    ...(isJson ? [{ value: text, type: 'jsonb' } as const] : []),
  ];
}
