import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { RequestDurations } from '../metrics/request-durations.js';
import type { RequestLog } from './request-log.js';

const HEADER = 'X-Request-Id';
/**
 * What others give is taken where it looks like a number made for it, such as a UUID, a ULID or a
 * trace's: it goes into the log, where a user's id or address has no place.
 */
const SANE = /^[A-Za-z0-9_-]{16,64}$/;
/** Any path that no route has: of those there's no end. */
const UNMATCHED = 'unmatched';

/**
 * Numbers requests, and counts them when their answers have ended. Right at the server, so that no
 * request is left out, whoever answers it.
 */
export function watchRequests(server: Server, durations: RequestDurations, log?: RequestLog): void {
  const lines = log?.isOn === true ? log : undefined;
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    const begun = performance.now();
    const id = idOf(request);
    response.setHeader(HEADER, id);
    response.on('close', () => {
      const ended = {
        method: request.method!,
        route: routeOf(request),
        status: response.writableFinished ? response.statusCode : ('aborted' as const),
        milliseconds: performance.now() - begun,
      };
      durations.note(ended);
      lines?.write({ ...ended, id });
    });
  });
}

function idOf({ headers }: IncomingMessage): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && SANE.test(given) ? given : randomUUID();
}

/** The template that the router matched last, such as `/analytics/users/:id`. */
function routeOf(request: IncomingMessage): string {
  const { route } = request as { route?: { path?: unknown } };
  return typeof route?.path === 'string' ? route.path : UNMATCHED;
}
