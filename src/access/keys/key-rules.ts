import { z } from 'zod';
import { AnalyticsError } from '../../common/errors.js';
import { isText } from '../../common/text.js';
import { ACCESS_KINDS, type KeyRules } from './access-key.js';

const MAX_NAME_LENGTH = 100;
const MAX_ORIGINS = 100;
const MAX_EVENTS = 1_000;
/** Ten years. */
const MAX_AGE_S = 10 * 366 * 86_400;
const DEFAULT_SOURCE = 'default';

/** What was said of a key that can't be so. */
export class InvalidKeyError extends AnalyticsError {
  readonly code = 'invalid_key_rules';
  readonly retryable = false;
  override readonly status = 400;
}

const text = (what: string) =>
  z.custom<string>((value) => isText(value, MAX_NAME_LENGTH), {
    error: `${what} must be text of 1 to ${MAX_NAME_LENGTH} characters, none of them a control character`,
  });

const ORIGINS = `origins must be 1 to ${MAX_ORIGINS} origins such as https://shop.example, without a path`;
const EVENTS = `events must be 1 to ${MAX_EVENTS} event names of 1 to ${MAX_NAME_LENGTH} characters`;
const MAX_AGE = `max_age_seconds must be a whole number of seconds from 1 to ${MAX_AGE_S}`;

const RULES = z.strictObject(
  {
    kind: z.enum(ACCESS_KINDS, { error: `kind must be ${ACCESS_KINDS.join(', ')}` }),
    name: text('name'),
    source: text('source').optional(),
    origins: z
      .array(z.custom<string>(isOrigin, { error: ORIGINS }), { error: ORIGINS })
      .min(1, { error: ORIGINS })
      .max(MAX_ORIGINS, { error: ORIGINS })
      .optional(),
    events: z
      .array(text('each of events'), { error: EVENTS })
      .min(1, { error: EVENTS })
      .max(MAX_EVENTS, { error: EVENTS })
      .optional(),
    max_age_seconds: z
      .int({ error: MAX_AGE })
      .min(1, { error: MAX_AGE })
      .max(MAX_AGE_S, { error: MAX_AGE })
      .optional(),
  },
  {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `${issue.keys[0]} is no field of a key; accepted are kind, name, source, origins, events, max_age_seconds`
        : 'a key must be a JSON object with kind and name',
  },
);

/**
 * What a new key may do, by the word of an administrator.
 *
 * @throws InvalidKeyError that names the field and what is accepted
 */
export function parseKeyRules(given: unknown): KeyRules {
  const parsed = RULES.safeParse(given);
  if (!parsed.success) throw new InvalidKeyError(parsed.error.issues[0]!.message);
  const { kind, name, source, origins, events, max_age_seconds: maxAgeS } = parsed.data;
  if (kind !== 'write' && (source ?? events ?? maxAgeS) !== undefined) {
    throw new InvalidKeyError('source, events and max_age_seconds belong to keys of kind write');
  }
  if (kind === 'admin' && origins) {
    throw new InvalidKeyError('a key of kind admin is for no page: it has no origins');
  }
  return {
    kind,
    name,
    source: kind === 'write' ? (source ?? DEFAULT_SOURCE) : null,
    origins: origins ?? null,
    events: events ?? null,
    maxAgeS: maxAgeS ?? null,
  };
}

/** As a browser sends it: without a path, in lower case, and without the port that it has anyway. */
function isOrigin(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const { origin, protocol } = new URL(value);
  return ['http:', 'https:'].includes(protocol) && origin === value;
}
