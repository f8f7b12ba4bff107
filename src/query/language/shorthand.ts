import { parseJson } from '../../common/json-object.js';
import { InvalidQueryError } from './invalid-query.js';

/** How a field of the query string is written. */
type Form = 'list' | 'orders' | 'range' | 'json' | 'number' | 'boolean' | 'text';

const FORMS: Record<string, Form> = {
  metrics: 'list',
  dimensions: 'list',
  order_by: 'orders',
  date_range: 'range',
  filters: 'json',
  limit: 'number',
  fill: 'boolean',
};

/**
 * A query string as the JSON that it is short for: lists with commas, `from,to`, `events:desc`;
 * filters are JSON. A list may be JSON as well, for names that hold commas.
 *
 * @throws InvalidQueryError for what is given twice, or is no JSON
 */
export function fromQueryString(given: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(given).filter(([key]) => key !== 'format');
  return Object.fromEntries(entries.map(([key, value]) => [key, read(key, value)]));
}

function read(key: string, value: unknown): unknown {
  if (typeof value !== 'string') throw new InvalidQueryError(key, 'must be given once');
  const form = Object.hasOwn(FORMS, key) ? FORMS[key]! : 'text';
  const isJson = value.startsWith('[') && form !== 'text';
  if (form === 'json' || isJson) {
    const parsed = parseJson(value);
    if (parsed !== undefined) return parsed;
    throw new InvalidQueryError(key, 'must be JSON, such as [["is","event",["click"]]]');
  }
  switch (form) {
    case 'list':
      return value === '' ? [] : value.split(',');
    case 'orders':
      return value.split(',').map(readOrder);
    case 'range':
      return value.includes(',') ? value.split(',') : value;
    case 'number':
      return /^\d{1,9}$/.test(value) ? Number(value) : value;
    case 'boolean':
      return value === 'true' || value === 'false' ? value === 'true' : value;
    default:
      return value;
  }
}

/** A name may hold colons itself. */
function readOrder(text: string): unknown {
  const match = /^([^]+):(asc|desc)$/.exec(text);
  return match ? [match[1], match[2]] : text;
}
