import type { ResolvedIdentity } from '../access/identity-resolver.js';
import type { EventFields } from './normalise.js';

/** An event as that of the user whom the request's sender was found to be, whatever it says itself. */
export function withIdentity(fields: EventFields, sender: ResolvedIdentity): EventFields {
  const { user, traits } = sender;
  const known = { ...fields, user, anonymous: false };
  return traits ? { ...known, identity: { claims: sender, by: `token of ${user}` } } : known;
}

/** An event as nobody's. */
export function withoutUser(fields: EventFields): EventFields {
  const { timestamp, event, id, source, properties, bot, agent } = fields;
  return { timestamp, event, id, source, properties, bot, agent, isNobodys: true };
}
