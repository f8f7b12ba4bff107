import type { IncomingMessage } from 'node:http';

/**
 * The user agent of whoever caused the request's events, where a browser sent it itself: then it has a
 * header that pages can't set and libraries don't. A server's own agent tells nothing of its users.
 */
export function browserAgentOf({ headers }: IncomingMessage): string | undefined {
  const isBrowsers = headers.origin !== undefined || headers['sec-fetch-site'] !== undefined;
  return isBrowsers ? headers['user-agent'] : undefined;
}
