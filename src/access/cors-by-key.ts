import cors, { type CorsOptions } from 'cors';
import type { Middleware } from '../common/http.js';
import type { Access } from './access.js';

const EXPOSED = [
  'X-Analytics-Rejected',
  'X-Analytics-Window',
  'X-Analytics-Bots-Excluded',
  'X-Next-Cursor',
  'X-Request-Id',
  'Retry-After',
  'RateLimit',
  'RateLimit-Policy',
];
/** Seconds after which a browser asks again: keys may have changed. */
const MAX_AGE_S = 600;

/**
 * Lets pages of other sites ask, where the keys say so. A browser asks before without the key: whether it
 * is one for that page is found out when the request itself comes.
 */
export function corsByKey(access: Access, kind: 'write' | 'read'): Middleware {
  const common: CorsOptions = {
    methods: kind === 'write' ? ['POST'] : ['GET', 'POST'],
    exposedHeaders: EXPOSED,
    maxAge: MAX_AGE_S,
  };
  const anySite = cors(common);
  const thisSite = cors({ ...common, origin: true });
  return async (request, response, next) => {
    // Where that can't be told now, the request's own answer says so.
    const taken = await access.takesOrigin(kind, request.headers.origin).catch(() => false);
    if (taken === 'any') anySite(request, response, next);
    else if (taken) thisSite(request, response, next);
    else next();
  };
}
