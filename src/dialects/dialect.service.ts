import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { browserAgentOf } from '../access/browser-agent.js';
import type { ResolvedIdentity } from '../access/identity-resolver.js';
import { hasOptedOut } from '../access/privacy-signals.js';
import { RequestIdentities } from '../access/request-identities.js';
import { keyOfHeader, WriteKeys } from '../access/write-keys.js';
import { UnauthorizedError } from '../access/unauthorized-error.js';
import { AnalyticsError } from '../common/errors.js';
import { IntakeService, type MappedCall } from '../ingest/intake.service.js';
import type { Outcome } from '../ingest/outcome.js';
import { Refusal } from '../ingest/refusal.js';

/** Who sends a request, for its mapper. */
export interface Sender {
  /** The write key's; undefined for `default`. */
  source: string | undefined;
  /** Whose the events are, whatever their body says; undefined where it decides. */
  identity: ResolvedIdentity | undefined;
  /** Whether they're nobody's, and nothing of a person is kept. */
  hasOptedOut: boolean;
  /** The browser's own, where one sent it: for calls that have no user agent. */
  agent: string | undefined;
  /** For the audit trail. */
  by: string;
}

/** What all calls of a request have in common. */
export interface CallRules extends Sender {
  /** When the client sent the request, by its own clock. */
  sentAt: unknown;
}

/** What became of a request: every call is stored, or refused for a reason. */
export interface DialectAnswer {
  success: true;
  /** Calls that can't be stored, by their place in the request from 0; absent where there are none. */
  rejected?: { index: number; code: string; message: string }[];
}

/** A dialect's way in. */
export interface DialectRoute {
  /** Such as `POST /v1/batch`. */
  route: string;
  /** What the dialect calls the fields that refusals name. */
  names: Readonly<Record<'user' | 'id', string>>;
}

/** None of the request's calls can ever be stored. */
class RejectedCallsError extends AnalyticsError {
  readonly retryable = false;
  override readonly status = 400;
  readonly code: string;
  override readonly details: object;

  constructor(rejected: NonNullable<DialectAnswer['rejected']>) {
    super(rejected[0]!.message);
    this.code = rejected[0]!.code;
    this.details = { rejected };
  }
}

/** What all dialects have in common: who sends, how it's stored, and what is answered. */
@Injectable()
export class DialectService {
  constructor(
    private readonly intake: IntakeService,
    private readonly keys: WriteKeys,
    private readonly identities: RequestIdentities,
  ) {}

  /**
   * @param bodyKey the write key that the body holds, if any
   * @param route such as `POST /v1/batch`
   * @throws UnauthorizedError, which the log of rejections has then
   */
  async sender(request: IncomingMessage, bodyKey: unknown, route: string): Promise<Sender> {
    try {
      return await this.identify(request, bodyKey, route);
    } catch (error) {
      if (error instanceof UnauthorizedError) this.intake.refuse(error.code, route);
      throw error;
    }
  }

  /**
   * @param sender whose the calls are
   * @throws RejectedCallsError when none of them can be stored; OverloadedError, UnavailableError or
   *   SpoolUnavailableError when it isn't known that all of it is
   */
  async store(
    calls: readonly MappedCall[],
    { identity }: Sender,
    { route, names }: DialectRoute,
  ): Promise<DialectAnswer> {
    const outcomes = await this.intake.store(calls, route);
    const rejected = outcomes.flatMap((outcome, index) => rejectionOf(outcome, index, names));
    if (outcomes.some(isNew)) this.identities.stored(identity);
    if (rejected.length === 0) return { success: true };
    if (rejected.length === outcomes.length) throw new RejectedCallsError(rejected);
    return { success: true, rejected };
  }

  private async identify(
    request: IncomingMessage,
    bodyKey: unknown,
    route: string,
  ): Promise<Sender> {
    const known = await this.identities.of(request);
    // A token that told who the user is isn't a key.
    const isToken = known && /^bearer /i.test(request.headers.authorization ?? '');
    const headerKey = isToken ? undefined : keyOfHeader(request);
    const key = headerKey ?? (typeof bodyKey === 'string' ? bodyKey : undefined);
    const source = this.keys.sourceOf(key);
    const isOut = hasOptedOut(request);
    const identity = isOut ? undefined : known;
    const by = [route, source && `source ${source}`, identity && `token of ${identity.user}`];
    const agent = browserAgentOf(request);
    return { source, identity, hasOptedOut: isOut, agent, by: by.filter(Boolean).join(', ') };
  }
}

function isNew(outcome: Outcome): boolean {
  return outcome === 'stored' || outcome === 'accepted';
}

function rejectionOf(outcome: Outcome, index: number, names: DialectRoute['names']) {
  if (!(outcome instanceof Refusal)) return [];
  const { code } = outcome;
  // A refusal's message begins with the field that it's about.
  const message = outcome.message.replace(
    /^(user|id)(?= )/,
    (field) => names[field as 'user' | 'id'],
  );
  return [{ index, code, message }];
}
