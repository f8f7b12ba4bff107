import { errors } from 'jose';
import { AnalyticsError } from '../common/errors.js';
import { UnauthorizedError } from './unauthorized-error.js';

/** The issuer's keys can't be had, so that nobody can tell whether a token is valid. */
export class IdentityProviderError extends AnalyticsError {
  readonly code = 'identity_provider_unavailable';
  readonly retryable = true;

  constructor(cause: unknown) {
    super('The keys of the identity provider cannot be had. Try again.', { cause });
  }
}

const { JWTExpired, JWTClaimValidationFailed, JWSSignatureVerificationFailed } = errors;
const NOT_OUR_KEY = [JWSSignatureVerificationFailed, errors.JWKSNoMatchingKey];
const UNREADABLE = [errors.JWTInvalid, errors.JWSInvalid];
const OTHER_ALGORITHM = [errors.JOSEAlgNotAllowed, errors.JOSENotSupported];

/** What the client may know of why its token isn't taken, and whether a retry can help. */
export function explainTokenError(error: unknown): AnalyticsError {
  if (error instanceof AnalyticsError) return error;
  const reason = reasonOf(error);
  return reason === undefined
    ? new IdentityProviderError(error)
    : new UnauthorizedError('invalid_token', `the bearer token is not valid: ${reason}`);
}

/** @returns undefined where it isn't the token's fault */
function reasonOf(error: unknown): string | undefined {
  const is = (classes: readonly (new (...args: never[]) => Error)[]): boolean =>
    classes.some((one) => error instanceof one);
  if (error instanceof JWTExpired) return 'it has expired';
  if (error instanceof JWTClaimValidationFailed) {
    return error.reason === 'missing'
      ? `it has no claim ${error.claim}`
      : `its claim ${error.claim} is not what is expected`;
  }
  if (is(NOT_OUR_KEY)) return "it's signed by no key of the issuer";
  if (is(OTHER_ALGORITHM)) return 'its algorithm is not accepted; RS, PS, ES and EdDSA are';
  if (is(UNREADABLE)) return 'it cannot be read';
  return undefined;
}
