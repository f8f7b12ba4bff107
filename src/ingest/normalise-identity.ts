import type { ResolvedIdentity } from '../access/identity-resolver.js';
import { isJsonObject } from '../common/json-object.js';
import { isUserId, numberToText } from '../common/text.js';
import { readObject, readTime } from './read-values.js';
import { Refusal, type RefusalCode } from './refusal.js';

/** What an event says about who its user is, as a client gave it. What is undefined isn't said. */
export interface IdentityFields {
  /** A JSON object: each of its keys is set, those of null are removed. */
  traits?: unknown;
  /** The same, of which only those are set that the user has no value of yet. */
  traitsOnce?: unknown;
  /** The id of an anonymous user who is the event's known one. */
  anonymous?: unknown;
  /** The same, where it's not said of which kind the id is: a known user's is refused. */
  previous?: unknown;
  /** The id of the anonymous user whose the event may have been when it was sent first. */
  sentAs?: unknown;
  /** The id of a group that the user belongs to. */
  group?: unknown;
  /** As the user's traits. */
  groupTraits?: unknown;
  /** What somebody says of the user whom we trust more, and when it was so. */
  claims?: Pick<ResolvedIdentity, 'traits' | 'traitsAt'> | undefined;
  /** When the client sent it, by its own clock, which tells how wrong that is. */
  sentAt?: unknown;
  /** Who says so, for the audit trail. */
  by: string;
}

/**
 * Brings it into the form that `apply_identities` takes.
 *
 * @param time of the event, in milliseconds
 * @param now the server's
 * @returns its JSON text; undefined where nothing is said
 */
export function readIdentity(
  fields: IdentityFields,
  time: number,
  now: number,
): string | undefined | Refusal {
  // What can't be stored of a token is left out: whoever sends it can't change it.
  const claims = readObject(fields.claims?.traits, 'invalid_traits');
  const hasClaims = typeof claims === 'string';
  const ownTraits = hasClaims ? withoutClaims(fields.traits, fields.claims?.traits) : fields.traits;
  const traits = readObject(ownTraits, 'invalid_traits');
  if (traits instanceof Refusal) return traits;
  const traitsOnce = readObject(fields.traitsOnce, 'invalid_traits');
  if (traitsOnce instanceof Refusal) return traitsOnce;
  const groupTraits = readObject(fields.groupTraits, 'invalid_traits');
  if (groupTraits instanceof Refusal) return groupTraits;
  const anonymous = readOptionalId(fields.anonymous, 'invalid_anonymous_id');
  if (anonymous instanceof Refusal) return anonymous;
  const previous = readOptionalId(fields.previous, 'invalid_previous_id');
  if (previous instanceof Refusal) return previous;
  const group = readOptionalId(fields.group, 'invalid_group');
  if (group instanceof Refusal) return group;
  const sentAs = numberToText(fields.sentAs);
  const at = momentOf(time, readTime(fields.sentAt, Number.NaN), now);
  const claimsAt = Math.min(fields.claims?.traitsAt ?? at, now);
  const parts = [
    traits !== undefined && `"traits":${traits}`,
    hasClaims && `"claims":${claims},"claims_at":${claimsAt}`,
    traitsOnce !== undefined && `"traits_once":${traitsOnce}`,
    anonymous !== undefined && `"anonymous":${JSON.stringify(anonymous)}`,
    previous !== undefined && `"previous":${JSON.stringify(previous)}`,
    isUserId(sentAs) && `"sent_as":${JSON.stringify(sentAs)}`,
    group !== undefined && `"group":${JSON.stringify(group)}`,
    group !== undefined && groupTraits !== undefined && `"group_traits":${groupTraits}`,
  ].filter((part) => part !== false);
  if (parts.length === 0) return undefined;
  return `{${parts.join()},"at":${at},"by":${JSON.stringify(fields.by)}}`;
}

/** What the token says counts over what the body does. */
function withoutClaims(traits: unknown, claims: object | undefined): unknown {
  if (!isJsonObject(traits)) return traits;
  return Object.fromEntries(
    Object.entries(traits).filter(([key]) => !Object.hasOwn(claims ?? {}, key)),
  );
}

/** A clock is put right by steps of this: less may be the way that the request took, each time another. */
const CLOCK_STEP_MS = 5 * 60_000;

/**
 * Which of two changes of a trait is newer is told by when they happened, as the server's clock would
 * have shown it, and never by a time to come: a client whose clock is fast would keep all later ones
 * out. The event itself keeps the client's time.
 *
 * @param sentAt by the client's clock; what isn't a number isn't known
 */
function momentOf(time: number, sentAt: number | Refusal, now: number): number {
  const isKnown = typeof sentAt === 'number' && !Number.isNaN(sentAt);
  const behind = isKnown ? Math.round((now - sentAt) / CLOCK_STEP_MS) * CLOCK_STEP_MS : 0;
  return Math.max(0, Math.min(time + behind, now));
}

function readOptionalId(value: unknown, code: RefusalCode): string | undefined | Refusal {
  if (value === undefined || value === null || value === '') return undefined;
  const id = numberToText(value);
  return isUserId(id) ? id : new Refusal(code);
}
