import type { ResolvedIdentity } from '../access/identity-resolver.js';
import type { EventFields } from './normalise.js';

/** An event as that of the user whom the request's sender was found to be, whatever it says itself. */
export function withIdentity(
  fields: EventFields,
  { user, traits, traitsAt }: ResolvedIdentity,
): EventFields {
  const known = { ...fields, user, anonymous: false };
  return traits ? { ...known, identity: { traits, traitsAt, by: `token of ${user}` } } : known;
}
