import { v5 as uuidV5, v7 as uuidV7, validate as isUuid } from 'uuid';
import type { ResolvedIdentity } from '../access/identity-resolver.js';
import { isBotAgent } from './bot-agents.js';
import { Refusal } from './refusal.js';
import { withIdentity, withoutUser } from './with-identity.js';
import { readIdentity, type IdentityFields } from './normalise-identity.js';
import { isText } from '../common/text.js';
import { readFlag, readObject, readTime, readUserId } from './read-values.js';

/** An event as a client gave it: nothing is known about the values yet. */
export type EventFields = Partial<
  Record<
    'timestamp' | 'user' | 'anonymous' | 'event' | 'id' | 'source' | 'properties' | 'bot',
    unknown
  >
> & {
  /** The user agent of whoever caused it, by which bots are known. */
  agent?: unknown;
  /** Whether it's nobody's: counted among the events, and never among users. */
  isNobodys?: boolean;
  /** What it says about who its user is. No client of the batch endpoint gives these three. */
  identity?: IdentityFields;
};

/** An event as it is stored. */
export interface NormalisedEvent {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  time: number;
  /** A UUID in lower case. */
  id: string;
  /** Undefined for nobody. */
  user: string | undefined;
  /** Whether a device or a browser gave the user's id: those ids are a namespace of their own. */
  isAnonymous: boolean;
  /** Whether a bot caused it. */
  bot: boolean;
  name: string;
  /** Without one the event belongs to the source `default`. */
  source: string | undefined;
  /** JSON text of an object. */
  properties: string | undefined;
  /** JSON text of what the event says about who its user is, as `apply_identities` takes it. */
  identity: string | undefined;
}

/** What counts for all events of one sender. */
export interface SenderRules {
  /** Whose the event is, whatever it says itself. */
  sender?: ResolvedIdentity | undefined;
  /** Whether it's nobody's, whatever it says itself: nothing of its user is read then. */
  hasOptedOut?: boolean;
  /** The browser's that sent it, for an event that has no user agent of its own. */
  agent?: string | undefined;
  /** The source of the sender's key: the event's own, and it names no other. */
  source?: string;
  /** The names that the sender's key takes; without it any. */
  keyEvents?: readonly string[];
  /** How old the timestamps of the sender's key may be, in milliseconds. */
  maxAgeMs?: number;
}

/** What differs between the ways in. */
export interface NormaliseRules extends SenderRules {
  /** The names that are accepted; without it, any of 1 to 100 characters. */
  names?: readonly string[];
  /** The server's time in milliseconds, for an event that has none. */
  now: number;
  /** Which times an event may have that says its own; without it any. */
  bounds?: TimeBounds;
}

/** In milliseconds, both in; what is undefined isn't bounded. */
export interface TimeBounds {
  oldest?: number | undefined;
  newest?: number | undefined;
}

const MAX_NAME_LENGTH = 100;
const MAX_ID_LENGTH = 255;
const UUID_LENGTH = 36;

/** The name space of ids that aren't UUIDs. Changing it would store every retry twice. */
const ID_NAMESPACE = '7a0e4b0e-6a2b-5d0a-9d27-4c1c5f0f8f0a';

/** Judges the fields of one event and brings them into the form that is stored. */
export function normalise(given: EventFields, rules: NormaliseRules): NormalisedEvent | Refusal {
  const fields = fieldsBy(given, rules);
  const user = fields.isNobodys ? undefined : readUserId(fields.user);
  if (user instanceof Refusal) return user;
  const isAnonymous = readFlag(fields.anonymous, 'invalid_anonymous');
  if (isAnonymous instanceof Refusal) return isAnonymous;
  const bot = readBot(fields, rules);
  if (bot instanceof Refusal) return bot;
  const time = readTime(fields.timestamp, rules.now);
  if (time instanceof Refusal) return time;
  const outside = refusalOfTime(time, rules);
  if (outside) return outside;
  const name = readName(fields.event, rules);
  if (name instanceof Refusal) return name;
  const source = readSource(fields.source, rules.source);
  if (source instanceof Refusal) return source;
  const id = readId(fields.id, source);
  if (id instanceof Refusal) return id;
  const properties = readObject(fields.properties, 'invalid_properties');
  if (properties instanceof Refusal) return properties;
  const identity = fields.identity && readIdentity(fields.identity, time, rules.now);
  if (identity instanceof Refusal) return identity;
  return { time, id, user, isAnonymous, bot, name, source, properties, identity };
}

function fieldsBy(given: EventFields, { hasOptedOut, sender }: NormaliseRules): EventFields {
  if (hasOptedOut) return withoutUser(given);
  return sender ? withIdentity(given, sender) : given;
}

/** What the event says itself counts, as an export does; then its user agent. */
function readBot({ bot, agent }: EventFields, rules: NormaliseRules): boolean | Refusal {
  if (bot !== undefined && bot !== null) return readFlag(bot, 'invalid_bot');
  return isBotAgent(typeof agent === 'string' && agent !== '' ? agent : rules.agent);
}

function refusalOfTime(time: number, rules: NormaliseRules): Refusal | undefined {
  const { now, maxAgeMs = Number.POSITIVE_INFINITY } = rules;
  const { oldest = Number.NEGATIVE_INFINITY, newest = Number.POSITIVE_INFINITY } =
    rules.bounds ?? {};
  if (time > newest) return new Refusal('in_future');
  return time < oldest || time < now - maxAgeMs ? new Refusal('before_oldest') : undefined;
}

function readName(value: unknown, { names, keyEvents }: NormaliseRules): string | Refusal {
  if (value === undefined || value === null) return new Refusal('missing_event');
  if (names && !names.some((name) => name === value)) return new Refusal('unknown_event');
  if (!isText(value, MAX_NAME_LENGTH)) return new Refusal('invalid_event');
  return keyEvents && !keyEvents.includes(value) ? new Refusal('event_not_allowed') : value;
}

function readSource(value: unknown, ofKey: string | undefined): string | undefined | Refusal {
  if (value === undefined || value === null) return ofKey;
  if (!isSourceName(value)) return new Refusal('invalid_source');
  return ofKey === undefined || value === ofKey ? value : new Refusal('source_mismatch');
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
