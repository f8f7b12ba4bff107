import { isJsonObject } from '../../common/json-object.js';

/** What a call says of what happened; the rest may say to whom. */
const KEPT = [
  'type',
  'event',
  'name',
  'category',
  'properties',
  'messageId',
  'timestamp',
  'originalTimestamp',
];

/** What a context says of the page and the browser: many have the same. */
const KEPT_OF_CONTEXT = [
  'app',
  'campaign',
  'library',
  'locale',
  'os',
  'page',
  'screen',
  'timezone',
  'userAgent',
];

/** A call as nobody's: with `nobody`, and without ids, traits and whatever else tells a person. */
export function nobodysCall(call: Record<string, unknown>): Record<string, unknown> {
  const { context } = call;
  return {
    ...pick(call, KEPT),
    ...(isJsonObject(context) && { context: pick(context, KEPT_OF_CONTEXT) }),
    nobody: true,
  };
}

function pick(object: Record<string, unknown>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    keys.filter((key) => Object.hasOwn(object, key)).map((key) => [key, object[key]]),
  );
}
