import { isJsonObject } from '../../common/json-object.js';

/** What an event says of what happened; the rest may say to whom. */
const KEPT = ['event', 'uuid', 'timestamp'];

/** PostHog's own properties that are about the page, the browser and the SDK: many have the same. */
const KEPT_OF_POSTHOG = new Set([
  '$app_build',
  '$app_name',
  '$app_version',
  '$browser',
  '$browser_language',
  '$browser_version',
  '$current_url',
  '$device_type',
  '$event_type',
  '$host',
  '$lib',
  '$lib_version',
  '$locale',
  '$os',
  '$os_version',
  '$pathname',
  '$raw_user_agent',
  '$referrer',
  '$referring_domain',
  '$screen_height',
  '$screen_name',
  '$screen_width',
  '$timezone',
  '$viewport_height',
  '$viewport_width',
]);
const NOT_KEPT = ['alias', 'api_key', 'distinct_id', 'token'];

/** An event as nobody's: without ids, groups, traits and whatever else tells a person. */
export function nobodysEvent(event: Record<string, unknown>): Record<string, unknown> {
  const { properties } = event;
  const kept = Object.fromEntries(Object.entries(event).filter(([key]) => KEPT.includes(key)));
  if (!isJsonObject(properties)) return { ...kept, properties };
  const entries = Object.entries(properties).filter(([key]) => isKept(key));
  return { ...kept, properties: Object.fromEntries(entries) };
}

function isKept(property: string): boolean {
  return property.startsWith('$') ? KEPT_OF_POSTHOG.has(property) : !NOT_KEPT.includes(property);
}
