import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { browserAgentOf } from '../access/browser-agent.js';
import { Access, type Grant } from '../access/access.js';
import { ForbiddenKeyError, RateLimitedError } from '../access/access-errors.js';
import type { AccessKind } from '../access/keys/access-key.js';
import type { ResolvedIdentity } from '../access/identity-resolver.js';
import { hasOptedOut } from '../access/privacy-signals.js';
import { RequestIdentities } from '../access/request-identities.js';
import { UnauthorizedError } from '../access/unauthorized-error.js';
import { UnreadableRequestError } from '../common/errors.js';
import { CutOffError, discard } from './body/body-chunks.js';
import type { SenderRules } from './normalise.js';
import { Refusal, type Reason } from './refusal.js';
import { RejectionLog } from './rejection-log.js';

type KeyRules = Pick<SenderRules, 'source' | 'keyEvents' | 'maxAgeMs'>;

/** Who sends a request's events, and what of it counts for each of them. */
export interface Sender {
  rules: SenderRules;
  /** Of these what the key says: a file, or a mapper, has said the rest itself. */
  keyRules: KeyRules;
  /** Whose they are; undefined where their body says it, or nobody may know. */
  identity: ResolvedIdentity | undefined;
  /** The key's source; undefined where it has none. */
  source: string | undefined;
  /** For the audit trail. */
  by: string;
}

/** Finds out who sends a request: by its token and its key, and whether it may. */
@Injectable()
export class Senders {
  constructor(
    private readonly access: Access,
    private readonly identities: RequestIdentities,
    private readonly rejections: RejectionLog,
  ) {}

  /**
   * @param route which way in, such as `POST /analytics/batch`
   * @param bodyKey the key that the body holds, if any
   * @throws UnauthorizedError, ForbiddenKeyError, RateLimitedError, which the log of rejections has
   *   then; ProtectedModeError, and an AnalyticsError that's retryable where it can't be told now
   */
  of(request: IncomingMessage, route: string, bodyKey?: unknown): Promise<Sender> {
    return this.noting(route, () => this.find(request, route, bodyKey));
  }

  /** The same of a request whose body nobody reads where this fails. */
  async ofUnread(request: IncomingMessage, route: string): Promise<Sender> {
    try {
      return await this.of(request, route);
    } catch (error) {
      void discard(request);
      throw error;
    }
  }

  /**
   * For who reads the body before: it isn't read of every request.
   *
   * @throws RateLimitedError, which the log of rejections has then; ProtectedModeError
   */
  requireAdmitted(request: IncomingMessage, route: string): Promise<void> {
    return this.noting(route, () => this.access.requireAdmitted(request));
  }

  /**
   * A request that can't be read at all has a line in the log of rejections, too.
   *
   * @throws what `work` does
   */
  reading<Result>(route: string, work: () => Promise<Result>): Promise<Result> {
    return this.noting(route, work, (error) =>
      error instanceof UnreadableRequestError ? error : undefined,
    );
  }

  /**
   * A body that goes on, for as long as its sender may send.
   *
   * @param kind of key that lets it in
   * @throws CutOffError in the iteration, within seconds after the key was revoked
   */
  async *whileAllowed(
    request: IncomingMessage,
    chunks: AsyncIterable<Buffer>,
    kind: AccessKind = 'write',
  ): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      if (!this.access.isStillAllowed(request, kind)) {
        throw new CutOffError('the key was revoked, or one is needed from now on');
      }
      yield chunk;
    }
  }

  /** To be told when an event of the sender has been stored. */
  stored({ identity }: Sender): void {
    this.identities.stored(identity);
  }

  private async noting<Result>(
    route: string,
    work: () => Result | Promise<Result>,
    reasonOf: (error: unknown) => Reason | undefined = refusalOf,
  ): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      const reason = reasonOf(error);
      if (reason) this.rejections.note(reason, route, '');
      throw error;
    }
  }

  private async find(request: IncomingMessage, route: string, bodyKey: unknown): Promise<Sender> {
    const known = await this.identities.of(request);
    const grant = await this.access.authorize(request, {
      kind: 'write',
      bodyKey,
      isToken: known !== undefined,
    });
    const isOut = hasOptedOut(request);
    // A token that isn't valid is refused as ever, and one that is tells nothing.
    const identity = isOut ? undefined : known;
    const source = grant.key?.source ?? undefined;
    const keyRules = rulesOf(grant);
    const by = [route, source && `source ${source}`, identity && `token of ${identity.user}`];
    return {
      rules: {
        sender: identity,
        hasOptedOut: isOut,
        agent: browserAgentOf(request),
        ...keyRules,
      },
      keyRules,
      identity,
      source,
      by: by.filter(Boolean).join(', '),
    };
  }
}

function rulesOf({ key }: Grant): KeyRules {
  const { source = null, events = null, maxAgeS = null } = key ?? {};
  return {
    ...(source !== null && { source }),
    ...(events && { keyEvents: events }),
    ...(maxAgeS !== null && { maxAgeMs: maxAgeS * 1_000 }),
  };
}

/** Why nothing of a request is stored, where it's the sender's own doing. */
export function refusalOf(error: unknown): Refusal | undefined {
  const isTheirs =
    error instanceof UnauthorizedError ||
    error instanceof ForbiddenKeyError ||
    error instanceof RateLimitedError;
  if (!isTheirs || error.code === 'invalid_key') return undefined;
  return new Refusal(error.code);
}
