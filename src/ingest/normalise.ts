import { v5 as uuidV5, v7 as uuidV7, validate as isUuid } from 'uuid';
import { isJsonObject } from '../common/json-object.js';
import { parseMilliseconds } from '../common/timestamp.js';
import { Refusal } from './refusal.js';

/** An event as a client gave it: nothing is known about the values yet. */
export type EventFields = Partial<
  Record<'timestamp' | 'user' | 'event' | 'id' | 'source' | 'properties', unknown>
>;

/** An event as it is stored. */
export interface NormalisedEvent {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  time: number;
  /** A UUID in lower case. */
  id: string;
  user: string;
  name: string;
  /** Without one the event belongs to the source `default`. */
  source: string | undefined;
  /** JSON text of an object. */
  properties: string | undefined;
}

/** What differs between the ways in. */
export interface NormaliseRules {
  /** The names that are accepted; without it, any of 1 to 100 characters. */
  names?: readonly string[];
  /** The server's time in milliseconds, for an event that has none. */
  now: number;
}

const MAX_USER_LENGTH = 255;
const MAX_NAME_LENGTH = 100;
const MAX_ID_LENGTH = 255;
const UUID_LENGTH = 36;
const MAX_PROPERTIES_BYTES = 32 * 1024;
const MAX_PROPERTIES_DEPTH = 20;

/** The name space of ids that aren't UUIDs. Changing it would store every retry twice. */
const ID_NAMESPACE = '7a0e4b0e-6a2b-5d0a-9d27-4c1c5f0f8f0a';

/** Control characters, and halves of surrogate pairs, which are no characters at all. */
const FORBIDDEN = /[\p{Cc}\p{Cs}]/u;
/** What a text in PostgreSQL's jsonb can't hold. */
const UNSTORABLE = /[\0\p{Cs}]/u;

/** Judges the fields of one event and brings them into the form that is stored. */
export function normalise(fields: EventFields, rules: NormaliseRules): NormalisedEvent | Refusal {
  const user = readUser(fields.user);
  if (user instanceof Refusal) return user;
  const time = readTime(fields.timestamp, rules.now);
  if (time instanceof Refusal) return time;
  const name = readName(fields.event, rules.names);
  if (name instanceof Refusal) return name;
  const source = readSource(fields.source);
  if (source instanceof Refusal) return source;
  const id = readId(fields.id, source);
  if (id instanceof Refusal) return id;
  const properties = readProperties(fields.properties);
  if (properties instanceof Refusal) return properties;
  return { time, id, user, name, source, properties };
}

function readUser(value: unknown): string | Refusal {
  if (value === undefined || value === null) return new Refusal('missing_user');
  const user = numberToText(value);
  return isText(user, MAX_USER_LENGTH) ? user : new Refusal('invalid_user');
}

function readTime(value: unknown, now: number): number | Refusal {
  if (value === undefined || value === null) return now;
  const text = numberToText(value);
  const time = typeof text === 'string' ? parseMilliseconds(text) : undefined;
  return time ?? new Refusal('invalid_timestamp');
}

function readName(value: unknown, names: readonly string[] | undefined): string | Refusal {
  if (value === undefined || value === null) return new Refusal('missing_event');
  if (names && !names.some((name) => name === value)) return new Refusal('unknown_event');
  return isText(value, MAX_NAME_LENGTH) ? value : new Refusal('invalid_event');
}

function readSource(value: unknown): string | undefined | Refusal {
  if (value === undefined || value === null) return undefined;
  return isSourceName(value) ? value : new Refusal('invalid_source');
}

/** Whether a source may be called so: 1 to 100 characters, none of them a control character. */
export function isSourceName(value: unknown): value is string {
  return isText(value, MAX_NAME_LENGTH);
}

/** A UUID stays as it is; any other text is hashed with its source, so that sources can't collide. */
function readId(value: unknown, source: string | undefined): string | Refusal {
  if (value === undefined || value === null) return uuidV7();
  if (!isText(value, MAX_ID_LENGTH)) return new Refusal('invalid_id');
  if (value.length === UUID_LENGTH && isUuid(value)) return value.toLowerCase();
  return uuidV5(`${source ?? 'default'}\0${value}`, ID_NAMESPACE);
}

function readProperties(value: unknown): string | undefined | Refusal {
  if (value === undefined || value === null) return undefined;
  if (!isJsonObject(value) || !isStorable(value, 1)) return new Refusal('invalid_properties');
  const json = JSON.stringify(value);
  // UTF-8 has at most three bytes for a unit of UTF-16.
  const mayBeTooLarge = 3 * json.length > MAX_PROPERTIES_BYTES;
  if (mayBeTooLarge && Buffer.byteLength(json) > MAX_PROPERTIES_BYTES)
    return new Refusal('invalid_properties');
  return json === '{}' ? undefined : json;
}

/** Whether PostgreSQL's jsonb gives the value back as it was: no NUL, no half pair, no infinity. */
function isStorable(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return !UNSTORABLE.test(value);
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  if (depth > MAX_PROPERTIES_DEPTH) return false;
  if (Array.isArray(value)) return value.every((item) => isStorable(item, depth + 1));
  const items = value as Record<string, unknown>;
  for (const key in items) {
    if (!isStorable(key, depth) || !isStorable(items[key], depth + 1)) return false;
  }
  return true;
}

/** JSON clients send whole numbers for ids and timestamps; any other number would change on the way. */
function numberToText(value: unknown): unknown {
  return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
}

/** Length is counted in characters, as the database counts it; UTF-16 has at most two units for one. */
function isText(value: unknown, maxLength: number): value is string {
  if (typeof value !== 'string' || value === '' || value.length > 2 * maxLength) return false;
  if (FORBIDDEN.test(value)) return false;
  return value.length <= maxLength || Array.from(value).length <= maxLength;
}
