import type { NormalisedEvent } from '../ingest/normalise.js';

/** Of one event's JSON. Several share a notice of the database, and many wait for a slow client. */
const MAX_BYTES = 2_048;
const OMITTED = '"properties_omitted":true';

/**
 * An event as `GET /analytics/events` shows it: JSON without line breaks. Properties that would make
 * it larger than 2 KB are left out, and `properties_omitted` says so.
 */
export function toLiveLine(event: NormalisedEvent): string {
  const { properties } = event;
  if (properties === undefined) return lineOf(event, []);
  if (properties.length > MAX_BYTES) return lineOf(event, [OMITTED]);
  const whole = lineOf(event, [`"properties":${properties}`]);
  return Buffer.byteLength(whole) > MAX_BYTES ? lineOf(event, [OMITTED]) : whole;
}

function lineOf(
  { time, user, isAnonymous, bot, name, id, source }: NormalisedEvent,
  properties: readonly string[],
): string {
  const fields = [
    `"timestamp":"${new Date(time).toISOString()}"`,
    ...(user === undefined ? [] : [`"user":${JSON.stringify(user)}`]),
    ...(user !== undefined && isAnonymous ? ['"anonymous":true'] : []),
    `"event":${JSON.stringify(name)}`,
    `"id":"${id}"`,
    `"source":${JSON.stringify(source ?? 'default')}`,
    ...properties,
    `"bot":${bot}`,
  ];
  return `{${fields.join()}}`;
}
