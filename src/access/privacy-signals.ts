import type { IncomingMessage } from 'node:http';

/**
 * Whether whoever sends a request has asked not to be followed, by Global Privacy Control
 * (https://www.w3.org/TR/gpc/) or by its forerunner Do Not Track: then its events are nobody's.
 */
export function hasOptedOut({ headers }: IncomingMessage): boolean {
  return headers['sec-gpc'] === '1' || headers['dnt'] === '1';
}
