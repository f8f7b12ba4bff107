import { LoggableError } from '../common/errors.js';
import { isJsonObject, parseJson } from '../common/json-object.js';

/**
 * Finds where an issuer has its keys, by OpenID Connect Discovery 1.0
 * (https://openid.net/specs/openid-connect-discovery-1_0.html).
 *
 * @param timeoutMs milliseconds for the answer
 * @throws Error where there is none, or it's another issuer's
 */
export async function discoverKeys(issuer: string, timeoutMs: number): Promise<URL> {
  const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
    headers: { Accept: 'application/json' },
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (!response.ok)
    throw new LoggableError(`the issuer answers ${response.status} to its discovery`);
  const configuration = parseJson(await response.text());
  if (!isJsonObject(configuration))
    throw new LoggableError("the issuer's discovery is no JSON object");
  const { issuer: named, jwks_uri: keys } = configuration;
  if (named !== issuer) throw new LoggableError("the issuer's discovery names another issuer");
  if (typeof keys !== 'string' || !URL.canParse(keys)) {
    throw new LoggableError("the issuer's discovery has no jwks_uri");
  }
  return new URL(keys);
}
