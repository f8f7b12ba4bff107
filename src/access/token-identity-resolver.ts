import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import {
  createRemoteJWKSet,
  errors,
  jwtVerify,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
} from 'jose';
import { LRUCache } from 'lru-cache';
import { Clock } from '../common/clock.js';
import { isUserId, numberToText } from '../common/text.js';
import { isJwt } from './credentials.js';
import { discoverKeys } from './discover-keys.js';
import { IdentityResolver, type ResolvedIdentity } from './identity-resolver.js';
import { explainTokenError, IdentityProviderError } from './token-errors.js';
import { UnauthorizedError } from './unauthorized-error.js';

/** Whose tokens are taken, and what they tell. */
export abstract class TokenIdentityOptions {
  /** The issuer's URL, as its tokens have it in `iss`. */
  abstract readonly issuer: string;
  /** What `aud` must have; without it a token may be for anyone. */
  abstract readonly audience?: string;
  /** The claim that is the user's id; `sub` without it. */
  abstract readonly userClaim?: string;
  /** Claims that become the user's traits. */
  abstract readonly traitClaims?: readonly string[];
  /** Milliseconds after which keys may be fetched again for a token whose key isn't among them; 30,000. */
  abstract readonly cooldownMs?: number;
}

type RemoteKeys = ReturnType<typeof createRemoteJWKSet>;

/** None that anyone can make who knows the issuer's public key. */
const ALGORITHMS = 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'.split(' ');
/** How wrong the clock of either side may be, in seconds. */
const CLOCK_SKEW_S = 60;
const COOLDOWN_MS = 30_000;
const FETCH_MS = 5_000;
/** A key that the issuer has taken back is trusted no longer. */
const REMEMBERED_MS = 5 * 60_000;
const MAX_TOKENS = 5_000;
const BEARER = /^bearer +(\S+)\s*$/i;

/** Takes the word of an OpenID provider, whose token the request has as its bearer token. */
@Injectable()
export class TokenIdentityResolver extends IdentityResolver {
  private keys: Promise<RemoteKeys> | undefined;
  private readonly verified = new LRUCache<string, ResolvedIdentity>({ max: MAX_TOKENS });

  constructor(
    private readonly options: TokenIdentityOptions,
    private readonly clock: Clock,
  ) {
    super();
  }

  override resolve(
    request: IncomingMessage,
  ): ResolvedIdentity | undefined | Promise<ResolvedIdentity> {
    const token = BEARER.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined || !isJwt(token)) return undefined;
    return this.verified.get(token) ?? this.verify(token);
  }

  private async verify(token: string): Promise<ResolvedIdentity> {
    const { issuer, audience, userClaim = 'sub' } = this.options;
    const now = this.clock.now();
    let wasCoolingDown = false;
    try {
      const keys = await this.issuersKeys();
      wasCoolingDown = keys.coolingDown;
      const payload = await verifyByAnyKey(token, keys, {
        issuer,
        ...(audience !== undefined && { audience }),
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_SKEW_S,
        currentDate: new Date(now),
        requiredClaims: ['exp', userClaim],
      });
      const identity = this.identityOf(payload, userClaim);
      const left = (payload.exp! + CLOCK_SKEW_S) * 1000 - now;
      this.verified.set(token, identity, { ttl: Math.max(1, Math.min(left, REMEMBERED_MS)) });
      return identity;
    } catch (error) {
      // A key that came a moment ago is found by the next try: nothing is lost by asking for one.
      const mayBeNew = error instanceof errors.JWKSNoMatchingKey && wasCoolingDown;
      const explained = mayBeNew ? new IdentityProviderError(error) : explainTokenError(error);
      // The issuer may have moved its keys.
      if (explained.retryable && !mayBeNew) this.keys = undefined;
      throw explained;
    }
  }

  private issuersKeys(): Promise<RemoteKeys> {
    this.keys ??= discoverKeys(this.options.issuer, FETCH_MS).then((url) =>
      createRemoteJWKSet(url, {
        timeoutDuration: FETCH_MS,
        cooldownDuration: this.options.cooldownMs ?? COOLDOWN_MS,
      }),
    );
    return this.keys;
  }

  private identityOf(payload: JWTPayload, userClaim: string): ResolvedIdentity {
    const user = numberToText(payload[userClaim]);
    if (!isUserId(user)) {
      throw new UnauthorizedError(
        'invalid_token',
        `the token's claim ${userClaim} must be text of 1 to 255 characters, none of them a control character`,
      );
    }
    const claims = (this.options.traitClaims ?? []).filter((name) => payload[name] !== undefined);
    if (claims.length === 0) return { user };
    const traits = Object.fromEntries(claims.map((name) => [name, payload[name]]));
    const { iat } = payload;
    // It counts seconds: what was said before in the same one isn't newer.
    return { user, traits, ...(iat !== undefined && { traitsAt: Math.trunc(iat) * 1000 + 999 }) };
  }
}

/** A token needn't name its key: each of the issuer's that may be it is tried. */
async function verifyByAnyKey(
  token: string,
  keys: JWTVerifyGetKey,
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, keys, options)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const key of error) {
      try {
        return (await jwtVerify(token, key, options)).payload;
      } catch (problem) {
        if (!(problem instanceof errors.JWSSignatureVerificationFailed)) throw problem;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}
