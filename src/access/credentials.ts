import type { IncomingMessage } from 'node:http';
import { parseJsonObject } from '../common/json-object.js';

/**
 * The key that a request has: the user name of Basic authentication, a bearer token that is no JWT, or
 * `X-API-Key`.
 *
 * @param isToken whether the bearer token is another's, and no key
 */
export function keyOfHeaders(
  { headers }: IncomingMessage,
  isToken: boolean | undefined = false,
): string | undefined {
  const { authorization = '' } = headers;
  const isBearer = /^\s*bearer /i.test(authorization);
  const ofAuthorization = isToken && isBearer ? undefined : keyOfAuthorization(authorization);
  return ofAuthorization ?? textOf(headers['x-api-key']);
}

/** A key in the query, as `writeKey`: a page's last words can't have headers. */
export function keyOfQuery({ url = '' }: IncomingMessage): string | undefined {
  const start = url.indexOf('?');
  if (start === -1 || !url.includes('writeKey=', start)) return undefined;
  return textOf(new URLSearchParams(url.slice(start)).get('writeKey') ?? undefined);
}

/** Keys of ours, however they're given; and what is given as one by the names that SDKs have for it. */
const KEYS = /ua_(?:write|read|admin)_[\w-]+/g;
const NAMED = /(["']?\b(?:write_?key|api_?key)["']?\s*[:=]\s*["']?)[^"'&\s,}\]]+/gi;

/** A text that can be shown: its keys aren't. */
export function withoutKeys(text: string): string {
  return text.replaceAll(KEYS, '…').replaceAll(NAMED, '$1…');
}

function keyOfAuthorization(authorization: string): string | undefined {
  const [scheme = '', value = ''] = authorization.trim().split(/ +/, 2);
  switch (scheme.toLowerCase()) {
    case 'basic':
      return textOf(Buffer.from(value, 'base64').toString('utf8').split(':', 1)[0]);
    case 'bearer':
      return isJwt(value) ? undefined : textOf(value);
    default:
      return undefined;
  }
}

function textOf(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Whether it's a JWT, be it a broken one, by its header of JSON. Anything else is a key. */
export function isJwt(token: string): boolean {
  const [header = '', ...rest] = token.split('.');
  if (rest.length === 0) return false;
  // So begins what begins with {" in base64.
  if (header.startsWith('eyJ')) return true;
  return parseJsonObject(Buffer.from(header, 'base64url').toString()) !== undefined;
}
