import { isJsonObject } from '../common/json-object.js';
import { readIdentity } from '../ingest/normalise-identity.js';
import { readFlag, readTime, readUserId } from '../ingest/read-values.js';
import { Refusal } from '../ingest/refusal.js';

/** What somebody says of a user: nothing is known about the values yet. */
export type ProfileFields = Partial<Record<'user' | 'traits' | 'anonymous' | 'timestamp', unknown>>;

/** What is to be set of a user, who is created if new. */
export interface Profile {
  user: string;
  isAnonymous: boolean;
  /** When it was so, in milliseconds, by whoever says it. */
  time: number;
  /** JSON text, as `apply_identities` takes it; undefined where no trait is said. */
  change: string | undefined;
}

/** Who says so, for the audit trail of merges, of which a profile makes none. */
const BY = 'profile';
const FIELDS = new Set(['user', 'traits', 'anonymous', 'timestamp']);

/**
 * Judges what is said of one user.
 *
 * @param now the server's time in milliseconds: when the traits were so, where nothing else is said,
 *   and never later
 */
export function readProfile(item: unknown, now: number): Profile | Refusal {
  if (!isJsonObject(item)) return new Refusal('invalid_profile');
  for (const key in item) {
    if (!FIELDS.has(key)) return new Refusal('unknown_profile_field');
  }
  const fields: ProfileFields = item;
  const user = readUserId(fields.user);
  if (user instanceof Refusal) return user;
  const isAnonymous = readFlag(fields.anonymous, 'invalid_anonymous');
  if (isAnonymous instanceof Refusal) return isAnonymous;
  const time = readTime(fields.timestamp, now);
  if (time instanceof Refusal) return time;
  const change = readIdentity({ traits: fields.traits, by: BY }, time, now);
  if (change instanceof Refusal) return change;
  return { user, isAnonymous, time, change };
}
