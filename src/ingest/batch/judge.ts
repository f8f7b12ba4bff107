import { isJsonObject } from '../../common/json-object.js';
import {
  normalise,
  type EventFields,
  type NormalisedEvent,
  type NormaliseRules,
} from '../normalise.js';
import { Refusal } from '../refusal.js';

const FIELDS = new Set([
  'timestamp',
  'user',
  'anonymous',
  'event',
  'id',
  'source',
  'properties',
  'bot',
]);

/** Judges one item of a batch. */
export function judgeItem(item: unknown, rules: NormaliseRules): NormalisedEvent | Refusal {
  const fields = readItem(item);
  return fields instanceof Refusal ? fields : normalise(fields, rules);
}

/** The fields of one item of a batch, or why it isn't an event. */
function readItem(item: unknown): EventFields | Refusal {
  if (!isJsonObject(item)) return new Refusal('invalid_item');
  for (const key in item) {
    if (!FIELDS.has(key)) return new Refusal('unknown_field');
  }
  return item;
}
