import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { ConfigurationError, value, type Environment } from './environment.js';

/** Who gets in. */
export function readAccess(env: Environment): 'keys' | 'open' {
  const text = value(env, 'ACCESS') ?? 'keys';
  if (text === 'keys' || text === 'open') return text;
  throw new ConfigurationError(
    'ACCESS',
    'keys (whoever has one; this machine alone while none was made) or open (everyone who can reach the port)',
  );
}

/** @returns requests a minute; 0 for any number */
export function readLimit(env: Environment, variable: string): number | undefined {
  const text = value(env, variable);
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new ConfigurationError(
    variable,
    'a number of requests a minute up to 999999999, or 0 for any number',
  );
}

const MAX_HOPS = 32;
const NETWORKS = ['loopback', 'linklocal', 'uniquelocal'];

/** @returns how many proxies in a row are believed, or which ones */
export function readTrustProxy(env: Environment): number | string[] | undefined {
  const text = value(env, 'TRUST_PROXY');
  if (text === undefined) return undefined;
  if (/^\d{1,2}$/.test(text) && Number(text) >= 1 && Number(text) <= MAX_HOPS) return Number(text);
  const proxies = text.split(',').map((proxy) => proxy.trim());
  const isKnown = (proxy: string): boolean =>
    NETWORKS.includes(proxy) || isIP(proxy) !== 0 || ipaddr.isValidCIDR(proxy);
  if (proxies.every(isKnown)) return proxies;
  throw new ConfigurationError(
    'TRUST_PROXY',
    `how many proxies stand before the server, 1 to ${MAX_HOPS}, or their addresses and networks with ` +
      `commas between, such as 10.0.0.0/8 or ${NETWORKS.join(', ')}`,
  );
}

const WRITE_KEY = /^([^=\p{Cc}]{1,100})=([!-+\--~]{8,255})$/u;

export function readWriteKeys(env: Environment): [key: string, source: string][] | undefined {
  const text = value(env, 'WRITE_KEYS');
  if (text === undefined) return undefined;
  const entries = text.split(',').map((entry) => WRITE_KEY.exec(entry.trim()));
  const keys = entries.map((entry): [string, string] => [entry?.[2] ?? '', entry?.[1] ?? '']);
  const isRepeated = new Set(keys.map(([key]) => key)).size < keys.length;
  if (isRepeated || entries.includes(null)) {
    throw new ConfigurationError(
      'WRITE_KEYS',
      'a list of source=key with commas between, each key of 8 to 255 printable ASCII characters and given once',
    );
  }
  return keys;
}

export function readAnalyticsKey(env: Environment): string | undefined {
  const key = value(env, 'ANALYTICS_KEY');
  if (key === undefined || /^[!-~]{8,255}$/.test(key)) return key;
  throw new ConfigurationError('ANALYTICS_KEY', 'a key of 8 to 255 printable ASCII characters');
}
