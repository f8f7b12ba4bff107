import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable, Optional } from '@nestjs/common';
import { ForbiddenKeyError, ProtectedModeError } from './access-errors.js';
import { clientOf, isFromThisMachine } from './client-address.js';
import { keyOfHeaders, keyOfQuery } from './credentials.js';
import { EnvironmentKeys } from './environment-keys.js';
import { includes, type AccessKey, type AccessKind } from './keys/access-key.js';
import { KeyRing } from './keys/key-ring.js';
import { RateLimits } from './rate-limits.js';
import { UnauthorizedError } from './unauthorized-error.js';

/** Who gets in. */
export abstract class AccessOptions {
  /** Everyone, whatever key they have: the host's own guards, or the network, keep others out. */
  abstract readonly open?: boolean;
}

/** What a request may do. */
export interface Grant {
  /** Of the key that it came by; undefined where none is needed. */
  key: AccessKey | undefined;
  /** The key for the audit log; undefined where none is needed. */
  actor: string | undefined;
}

/** What is asked for, and how the request may show that it may. */
export interface Need {
  kind: AccessKind;
  /** Only by a key, even where others need none. */
  always?: boolean;
  /** A key that the body holds. */
  bodyKey?: unknown;
  /** The bearer token told whose the events are: it's no key. */
  isToken?: boolean;
}

/** How often answers that go on are looked at. */
const CHECK_MS = 2_000;
const ANYONE: Grant = { key: undefined, actor: undefined };

/** Decides who gets in: by the key that a request has, and where no key was made by where it's from. */
@Injectable()
export class Access {
  private readonly granted = new WeakMap<IncomingMessage, Grant>();
  /** Requests that were looked at, and why they aren't answered; while they are. */
  private readonly admitted = new WeakMap<IncomingMessage, Error | undefined>();

  constructor(
    private readonly ring: KeyRing,
    private readonly limits: RateLimits,
    private readonly environment: EnvironmentKeys,
    @Optional() private readonly options?: AccessOptions,
  ) {}

  /**
   * Looks at a request before its body is read.
   *
   * @returns why it isn't answered; {@link authorize} throws the same
   */
  async admit(request: IncomingMessage, response?: ServerResponse): Promise<Error | undefined> {
    if (this.admitted.has(request)) return this.admitted.get(request);
    try {
      await this.ring.refresh();
      if (this.isProtectedFrom(request)) throw new ProtectedModeError();
      await this.countAddress(request, response);
      this.admitted.set(request, undefined);
    } catch (error) {
      this.admitted.set(request, error instanceof Error ? error : new Error(String(error)));
    }
    return this.admitted.get(request);
  }

  /** @throws what {@link admit} finds, for who reads the body before */
  async requireAdmitted(request: IncomingMessage): Promise<void> {
    const problem = await this.admit(request);
    if (problem) throw problem;
  }

  /**
   * Finds out what a request may do.
   *
   * @throws UnauthorizedError, ForbiddenKeyError, ProtectedModeError, RateLimitedError,
   *   UnavailableError where that can't be told now
   */
  async authorize(request: IncomingMessage, need: Need): Promise<Grant> {
    await this.requireAdmitted(request);
    await this.ring.refresh();
    const secret = secretOf(request, need);
    const isNeeded = this.isKeyNeeded(need);
    const key = secret === undefined ? undefined : await this.find(secret, isNeeded);
    if (!isNeeded) {
      this.requireThisMachine(request);
      if (!key || !includes(key.kind, need.kind)) return ANYONE;
    }
    if (!key) throw UnauthorizedError.ofKey(need.kind, secret !== undefined);
    if (!includes(key.kind, need.kind)) throw ForbiddenKeyError.wrongKind(key.kind, need.kind);
    requireOrigin(key, request);
    await this.limits.countKey(key.digest.toString('hex'));
    if (key.id !== 0) this.ring.noteUse(key.id);
    const grant = { key, actor: `key ${key.id} (${key.name})` };
    this.granted.set(request, grant);
    return grant;
  }

  /** The key that a request came by, for the audit log; undefined where none was needed. */
  actorOf(request: IncomingMessage): string | undefined {
    return this.granted.get(request)?.actor;
  }

  /** An answer that goes on ends within seconds when the key that it was asked for by is revoked. */
  endWhenRevoked(request: IncomingMessage, response: ServerResponse): void {
    const check = async (): Promise<void> => {
      // While that can't be told, it goes on.
      await this.ring.refresh().catch(() => {});
      if (!this.isStillAllowed(request, 'read')) response.destroy();
    };
    const timer = setInterval(() => void check(), CHECK_MS).unref();
    response.once('close', () => clearInterval(timer));
  }

  /** Whether a request that was let in would be still, as far as is known without asking. */
  isStillAllowed(request: IncomingMessage, kind: AccessKind): boolean {
    const key = this.granted.get(request)?.key;
    if (!key) return !this.isKeyNeeded({ kind });
    return this.environment.all.includes(key) || this.ring.has(key);
  }

  /**
   * Whether pages of an origin may do it, as far as can be told without their key.
   *
   * @param origin undefined where a request names none
   */
  async takesOrigin(kind: 'write' | 'read', origin: string | undefined): Promise<boolean | 'any'> {
    await this.ring.refresh();
    if (!this.isKeyNeeded({ kind })) return kind === 'write' && 'any';
    const keys = [...this.ring.active(), ...this.environment.all].filter(
      (key) => key.kind === kind,
    );
    // A key for servers names no origins: a page that has it may send events as they do.
    if (kind === 'write' && keys.some(({ origins }) => origins === null)) return 'any';
    return origin !== undefined && keys.some(({ origins }) => origins?.includes(origin));
  }

  private isKeyNeeded({ kind, always = false }: Need): boolean {
    if (always) return true;
    if (this.options?.open === true) return false;
    return this.ring.isUsed || (kind === 'write' && this.environment.all.length > 0);
  }

  /**
   * What {@link isProtectedFrom} goes by is known.
   *
   * @throws UnavailableError
   */
  async isKnown(): Promise<void> {
    if (this.options?.open !== true) await this.ring.refresh();
  }

  /** Whether nobody has said yet who may get in, and the request isn't from this machine. */
  isProtectedFrom(request: IncomingMessage): boolean {
    const isAnyKey = this.ring.isUsed || this.environment.all.length > 0;
    return this.options?.open !== true && !isAnyKey && !isFromThisMachine(request);
  }

  private requireThisMachine(request: IncomingMessage): void {
    if (this.options?.open !== true && !isFromThisMachine(request)) throw new ProtectedModeError();
  }

  /** @param isNeeded whether the database is asked about a secret that isn't known here */
  private async find(secret: string, isNeeded: boolean): Promise<AccessKey | undefined> {
    return this.findKnown(secret) ?? (isNeeded ? await this.ring.find(secret) : undefined);
  }

  private findKnown(secret: string): AccessKey | undefined {
    return this.environment.find(secret) ?? this.ring.findKnown(secret);
  }

  private async countAddress(
    request: IncomingMessage,
    response: ServerResponse | undefined,
  ): Promise<void> {
    const client = clientOf(request);
    if (client === undefined || this.isServers(keyOfHeaders(request))) return;
    const headers = await this.limits.countAddress(client);
    for (const [name, value] of Object.entries(headers)) response?.setHeader(name, value);
  }

  /** A key for pages may be anyone's. */
  private isServers(secret: string | undefined): boolean {
    return secret !== undefined && this.findKnown(secret)?.origins === null;
  }
}

function secretOf(request: IncomingMessage, { kind, bodyKey, isToken }: Need): string | undefined {
  const ofHeaders = keyOfHeaders(request, isToken);
  if (ofHeaders !== undefined || kind !== 'write') return ofHeaders;
  const ofBody = typeof bodyKey === 'string' && bodyKey !== '' ? bodyKey : undefined;
  return ofBody ?? keyOfQuery(request);
}

/** A key for pages is for theirs alone: each request by which they could use it names its origin. */
function requireOrigin({ origins }: AccessKey, { headers }: IncomingMessage): void {
  if (origins === null || origins.includes(headers.origin ?? '')) return;
  // A page that asks its own server for something names none.
  if (headers['sec-fetch-site'] === 'same-origin' && headers.origin === undefined) return;
  throw ForbiddenKeyError.otherOrigin();
}
