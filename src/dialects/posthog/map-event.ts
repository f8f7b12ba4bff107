import { isJsonObject, toJson } from '../../common/json-object.js';
import type { MappedCall } from '../../ingest/intake.service.js';
import type { EventFields } from '../../ingest/normalise.js';
import type { IdentityFields } from '../../ingest/normalise-identity.js';
import { Refusal } from '../../ingest/refusal.js';
import { OPTED_OUT } from '../../ingest/rejection-log.js';
import type { CallRules } from '../dialect.service.js';
import { nobodysEvent } from './nobodys-event.js';

type Payload = Record<string, unknown>;

/** What PostHog's own events are called here. */
const NAMES = new Map<unknown, string>([
  ['$pageview', 'page'],
  ['$screen', 'screen'],
  ['$identify', 'identify'],
  ['$create_alias', 'alias'],
  ['$merge_dangerously', 'alias'],
  ['$groupidentify', 'group'],
]);

/** What is said of the user, or of the request, rather than of the event. */
const NOT_PROPERTIES = ['$set', '$set_once', '$unset', 'token', 'distinct_id'];

/** Maps one event as PostHog's SDKs send it (https://posthog.com/docs/api/capture). */
export function mapEvent(item: unknown, rules: CallRules): MappedCall {
  const mapped = mapItem(item, rules);
  return rules.hasOptedOut ? { ...mapped, text: OPTED_OUT } : mapped;
}

function mapItem(item: unknown, rules: CallRules): MappedCall {
  const event = isJsonObject(item) ? eventOf(item, rules) : item;
  const text = toJson(event);
  if (text === undefined) return { fields: new Refusal('invalid_properties'), text: '' };
  if (!isJsonObject(event)) return { fields: new Refusal('invalid_item'), text };
  const fields = fieldsOf(event, rules);
  if (fields instanceof Refusal) return { fields, text };
  return { fields: { ...fields, agent: agentOf(item) ?? rules.agent }, text };
}

/** Which browser it was, as PostHog's SDKs in browsers and on servers say it. */
function agentOf(item: unknown): unknown {
  const properties = isJsonObject(item) ? item['properties'] : undefined;
  if (!isJsonObject(properties)) return undefined;
  return [properties['$raw_user_agent'], properties['$user_agent']].find(
    (agent) => typeof agent === 'string' && agent !== '',
  );
}

/** What is read of it: of nobody's event nothing that tells whose it is. */
function eventOf(item: Payload, { hasOptedOut }: CallRules): Payload {
  return hasOptedOut ? nobodysEvent(item) : withoutWriteKeys(item);
}

function fieldsOf(event: Payload, rules: CallRules): EventFields | Refusal {
  const properties = event['properties'] ?? {};
  if (!isJsonObject(properties)) return new Refusal('invalid_properties');
  const name = NAMES.get(event['event']) ?? event['event'];
  const own = {
    timestamp: event['timestamp'],
    event: name,
    id: event['uuid'],
    source: rules.source,
    properties: propertiesOf(properties, name),
  };
  return rules.hasOptedOut ? { ...own, isNobodys: true } : withUser(own, event, properties, rules);
}

function withUser(
  own: EventFields,
  event: Payload,
  properties: Payload,
  rules: CallRules,
): EventFields | Refusal {
  const name = own.event;
  const distinctId = event['distinct_id'] ?? properties['distinct_id'];
  const group = name === 'group' ? groupOf(properties) : undefined;
  if (group instanceof Refusal) return group;
  const isGroupsOwn = group !== undefined && distinctId === group.madeUpId && !rules.identity;
  const user = rules.identity?.user ?? (distinctId === '' ? undefined : distinctId);
  const isAnonymous = !rules.identity && isDevices(distinctId, name, properties);
  const identity = identityOf({ ...event, properties }, name, distinctId, rules);
  if (identity instanceof Refusal) return identity;
  if (group) Object.assign(identity, { group: group.id, groupTraits: group.traits });
  const nobody = isGroupsOwn && { isNobodys: true };
  return { ...own, user, anonymous: isAnonymous, ...nobody, identity };
}

/**
 * PostHog has one space of ids; SDKs tell which of them a device made up. Who is identified, or has
 * aliases, is known.
 */
function isDevices(distinctId: unknown, name: unknown, properties: Payload): boolean {
  if (name === 'identify' || name === 'alias') return false;
  return (
    properties['$is_identified'] === false ||
    properties['$process_person_profile'] === false ||
    (distinctId !== undefined && distinctId === properties['$device_id'])
  );
}

function propertiesOf(properties: Payload, name: unknown): Payload {
  const own = withoutKeys(properties, NOT_PROPERTIES);
  const url = properties['$current_url'];
  if (name !== 'page' || url === undefined || own['url'] !== undefined) return own;
  return { ...own, url };
}

/** Types of groups have ids of their own, and so has our group: `company:acme`. */
function groupOf(properties: Payload) {
  const { $group_type: type, $group_key: key, $group_set: traits } = properties;
  if (typeof type !== 'string' || type === '') return new Refusal('missing_group');
  if ((typeof key !== 'string' && typeof key !== 'number') || key === '') {
    return new Refusal('missing_group');
  }
  // SDKs make an id up for the group itself.
  return { id: `${type}:${key}`, traits, madeUpId: `$${type}_${key}` };
}

function identityOf(
  { properties, ...event }: Payload & { properties: Payload },
  name: unknown,
  distinctId: unknown,
  { identity, sentAt, by }: CallRules,
): IdentityFields | Refusal {
  const said: IdentityFields = { sentAt, claims: identity, by };
  const traits = traitsOf(event, properties);
  if (traits instanceof Refusal) return traits;
  const once = properties['$set_once'] ?? event['$set_once'];
  said.traits = traits;
  if (once !== undefined) said.traitsOnce = once;
  const anonymousId = properties['$anon_distinct_id'];
  if (name === 'identify' && anonymousId !== distinctId) said.anonymous = anonymousId;
  if (name !== 'alias') return said;
  const previous = properties['alias'];
  if (previous === undefined || previous === null || previous === '') {
    return new Refusal('missing_alias');
  }
  return { ...said, previous };
}

/** What is set, and null for what isn't to be any more. */
function traitsOf(event: Payload, properties: Payload): Payload | Refusal {
  const set = properties['$set'] ?? event['$set'] ?? {};
  const unset = properties['$unset'] ?? event['$unset'] ?? [];
  if (!isJsonObject(set) || !Array.isArray(unset) || !unset.every(isText)) {
    return new Refusal('invalid_traits');
  }
  return { ...set, ...Object.fromEntries(unset.map((key) => [key, null])) };
}

/** They let their reader send events: the log shows them to nobody. */
function withoutWriteKeys(event: Payload): Payload {
  const rest = withoutKeys(event, ['api_key', 'token']);
  const { properties } = rest;
  if (!isJsonObject(properties)) return rest;
  return { ...rest, properties: withoutKeys(properties, ['api_key', 'token']) };
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function withoutKeys(object: Payload, keys: readonly string[]): Payload {
  if (!keys.some((key) => Object.hasOwn(object, key))) return object;
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}
