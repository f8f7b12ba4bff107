import type { IncomingMessage } from 'node:http';

/**
 * Whether whoever sends a request has asked not to be followed, by Global Privacy Control
 * (https://www.w3.org/TR/gpc/) or by its forerunner Do Not Track: then its events are nobody's.
 */
export function hasOptedOut({ headers }: IncomingMessage): boolean {
  return isOne(headers['sec-gpc']) || isOne(headers['dnt']);
}

/** A proxy may add what the browser has said already. */
function isOne(value: string | string[] | undefined): boolean {
  return value !== undefined && /^\s*1\s*(,|$)/.test(String(value));
}
