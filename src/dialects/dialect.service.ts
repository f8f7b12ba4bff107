import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import type { ResolvedIdentity } from '../access/identity-resolver.js';
import { AnalyticsError } from '../common/errors.js';
import { IntakeService, type MappedCall } from '../ingest/intake.service.js';
import type { Outcome } from '../ingest/outcome.js';
import { Refusal } from '../ingest/refusal.js';
import { Senders, type Sender } from '../ingest/senders.js';

/** What all calls of a request have in common. */
export interface CallRules {
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
    private readonly senders: Senders,
  ) {}

  /**
   * Reads a request, if it's to be answered at all.
   *
   * @throws what `Senders.requireAdmitted` and `work` do
   */
  async reading<Result>(
    request: IncomingMessage,
    route: string,
    work: () => Promise<Result>,
  ): Promise<Result> {
    await this.senders.requireAdmitted(request, route);
    return await this.senders.reading(route, work);
  }

  /**
   * @param bodyKey the write key that the body holds, if any
   * @param route such as `POST /v1/batch`
   * @throws what `Senders.of` does
   */
  sender(request: IncomingMessage, bodyKey: unknown, route: string): Promise<Sender> {
    return this.senders.of(request, route, bodyKey);
  }

  /**
   * @param sender whose the calls are
   * @throws RejectedCallsError when none of them can be stored; OverloadedError, UnavailableError or
   *   SpoolUnavailableError when it isn't known that all of it is
   */
  async store(
    calls: readonly MappedCall[],
    sender: Sender,
    { route, names }: DialectRoute,
  ): Promise<DialectAnswer> {
    const outcomes = await this.intake.store(calls, sender, route);
    const rejected = outcomes.flatMap((outcome, index) => rejectionOf(outcome, index, names));
    if (outcomes.some(isNew)) this.senders.stored(sender);
    if (rejected.length === 0) return { success: true };
    if (rejected.length === outcomes.length) throw new RejectedCallsError(rejected);
    return { success: true, rejected };
  }
}

/** What a mapper has to know of who sends. */
export function callRules({ source, identity, rules, by }: Sender, sentAt: unknown): CallRules {
  const { hasOptedOut = false, agent } = rules;
  return { source, identity, hasOptedOut, agent, by, sentAt };
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
