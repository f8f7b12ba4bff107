import { isJsonObject, toJson } from '../../common/json-object.js';
import type { MappedCall } from '../../ingest/intake.service.js';
import type { EventFields } from '../../ingest/normalise.js';
import type { IdentityFields } from '../../ingest/normalise-identity.js';
import { Refusal } from '../../ingest/refusal.js';
import { readFlag } from '../../ingest/read-values.js';
import { OPTED_OUT } from '../../ingest/rejection-log.js';
import type { CallRules } from '../dialect.service.js';
import { nobodysCall } from './nobodys-call.js';

/** The calls of Segment's specification (https://segment.com/docs/connections/spec/). */
export const CALL_TYPES = ['track', 'identify', 'page', 'screen', 'alias', 'group'] as const;
export type CallType = (typeof CALL_TYPES)[number];

/** A call as it came: nothing is known about the values yet. */
type Payload = Record<string, unknown>;

/** One event may have so many bytes, as in Segment. */
const MAX_CALL_BYTES = 32 * 1024;

/**
 * Maps one call of Segment's specification to an event.
 *
 * @param type by the request's path; without it the call's own
 */
export function mapCall(item: unknown, rules: CallRules, type?: CallType): MappedCall {
  const mapped = mapItem(item, rules, type);
  return rules.hasOptedOut ? { ...mapped, text: OPTED_OUT } : mapped;
}

function mapItem(item: unknown, rules: CallRules, type?: CallType): MappedCall {
  const call = isJsonObject(item) ? callOf(item, rules) : item;
  if (call instanceof Refusal) return { fields: call, text: OPTED_OUT };
  const text = toJson(call);
  if (text === undefined)
    return { fields: new Refusal('invalid_properties'), text: '(nested too deeply to show)' };
  if (!isJsonObject(call)) return { fields: new Refusal('invalid_item'), text };
  // UTF-8 has at most three bytes for a unit of UTF-16.
  const isLarge = 3 * text.length > MAX_CALL_BYTES && Buffer.byteLength(text) > MAX_CALL_BYTES;
  if (isLarge) return { fields: new Refusal('call_too_large'), text };
  const known = type ?? CALL_TYPES.find((one) => one === call['type']);
  if (known === undefined) return { fields: new Refusal('unknown_type'), text };
  return { fields: fieldsOf(known, call, rules), text };
}

/** What is read of it: of nobody's call nothing that tells whose it is. */
function callOf(item: Payload, { hasOptedOut }: CallRules): Payload | Refusal {
  if (hasOptedOut) return nobodysCall(item);
  const isNobodys = readFlag(item['nobody'], 'invalid_nobody');
  if (isNobodys instanceof Refusal) return isNobodys;
  return isNobodys ? nobodysCall(item) : withoutKey(item);
}

/** The key lets its reader send events: it's shown to nobody. */
function withoutKey(call: Payload): Payload {
  if (!Object.hasOwn(call, 'writeKey')) return call;
  return { ...call, writeKey: undefined };
}

function fieldsOf(type: CallType, call: Payload, rules: CallRules): EventFields | Refusal {
  const isNobodys = call['nobody'] === true;
  const user = isNobodys ? NOBODY : userOf(call, rules);
  const properties = propertiesOf(type, call, user);
  if (properties instanceof Refusal) return properties;
  const identity = isNobodys ? undefined : identityOf(type, call, user, rules);
  if (identity instanceof Refusal) return identity;
  return {
    timestamp: given(call['timestamp']) ?? call['originalTimestamp'],
    ...user,
    event: type === 'track' ? given(call['event']) : type,
    id: given(call['messageId']),
    source: rules.source,
    agent: agentOf(call) ?? rules.agent,
    properties,
    ...(isNobodys && { isNobodys }),
    ...(identity && { identity }),
  };
}

/** SDKs write null or an empty text for what they don't know. */
function given(value: unknown): unknown {
  return value === '' || value === null ? undefined : value;
}

/** PHP writes an empty object as an empty array. */
function givenObject(value: unknown): unknown {
  return Array.isArray(value) && value.length === 0 ? undefined : given(value);
}

/** Whose an event is. */
interface CallUser {
  user: unknown;
  anonymous: boolean;
}

const NOBODY: CallUser = { user: undefined, anonymous: false };

/** Who is known is never looked up by what is anonymous: the ids are namespaces of their own. */
function userOf(call: Payload, { identity }: CallRules): CallUser {
  const userId = identity?.user ?? given(call['userId']);
  if (userId !== undefined) return { user: userId, anonymous: false };
  const anonymousId = given(call['anonymousId']);
  return { user: anonymousId, anonymous: anonymousId !== undefined };
}

function propertiesOf(type: CallType, call: Payload, user: CallUser): Payload | Refusal {
  const own = givenObject(call['properties']) ?? {};
  if (!isJsonObject(own)) return new Refusal('invalid_properties');
  const context = contextOf(call, user);
  if (context instanceof Refusal) return context;
  return { ...own, ...partsOf(type, call, own, context), ...(context && { context }) };
}

/** With the anonymous id of a call whose user is known: it says which browser it was. */
function contextOf(call: Payload, { user, anonymous }: CallUser): Payload | undefined | Refusal {
  const context = givenObject(call['context']);
  if (context !== undefined && !isJsonObject(context)) return new Refusal('invalid_context');
  const anonymousId = given(call['anonymousId']);
  if (anonymous || user === undefined || anonymousId === undefined) return context;
  return { ...context, anonymousId };
}

/** The browser's or the application's whose user it was, as the SDK there says. */
function agentOf(call: Payload): unknown {
  return isJsonObject(call['context']) ? given(call['context']['userAgent']) : undefined;
}

/** What calls have beside their properties. */
function partsOf(type: CallType, call: Payload, own: Payload, context?: Payload): Payload {
  switch (type) {
    case 'page':
    case 'screen':
      return defined({
        name: given(call['name']) ?? own['name'],
        category: given(call['category']) ?? own['category'],
        url: type === 'page' ? (own['url'] ?? pageUrl(context)) : own['url'],
      });
    case 'identify':
      return defined({ traits: givenObject(call['traits']) });
    case 'group':
      return defined({ groupId: given(call['groupId']), traits: givenObject(call['traits']) });
    case 'alias':
      return defined({ previousId: given(call['previousId']) });
    default:
      return {};
  }
}

function pageUrl(context: Payload | undefined): unknown {
  const page = context?.['page'];
  return isJsonObject(page) ? page['url'] : undefined;
}

function defined(parts: Payload): Payload {
  return Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== undefined));
}

function identityOf(
  type: CallType,
  call: Payload,
  { user, anonymous }: CallUser,
  { identity, by, sentAt }: CallRules,
): IdentityFields | undefined | Refusal {
  // Who has no user id is nobody's alias.
  const anonymousId = anonymous || user === undefined ? undefined : given(call['anonymousId']);
  const rest = {
    sentAt: given(sentAt) ?? given(call['sentAt']),
    claims: identity,
    ...(anonymousId !== undefined && { sentAs: anonymousId }),
    by,
  };
  switch (type) {
    case 'identify':
      return {
        ...rest,
        traits: givenObject(call['traits']),
        anonymous: anonymousId,
      };
    case 'alias': {
      const previous = given(call['previousId']);
      if (previous === undefined && anonymousId === undefined) {
        return new Refusal('missing_previous_id');
      }
      if (anonymous) return new Refusal('missing_user');
      return previous === undefined ? { ...rest, anonymous: anonymousId } : { ...rest, previous };
    }
    case 'group': {
      const group = given(call['groupId']);
      if (group === undefined) return new Refusal('missing_group');
      return { ...rest, group, groupTraits: givenObject(call['traits']) };
    }
    default:
      return identity?.traits || anonymousId !== undefined ? rest : undefined;
  }
}
