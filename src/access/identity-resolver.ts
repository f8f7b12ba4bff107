import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';

/** Who a request is from, by the word of somebody whom we trust more than its body. */
export interface ResolvedIdentity {
  /** The known user's id: 1 to 255 characters, none of them a control character. */
  user: string;
  /** What is known of the user besides. */
  traits?: Record<string, unknown>;
  /** When the traits were so, in milliseconds since 1970; without it when the event was. */
  traitsAt?: number;
}

/**
 * Tells from a request who its user is. An application around the module may provide its own: whatever
 * it says counts for all events of the request, and what their body says of users doesn't.
 */
export abstract class IdentityResolver {
  /**
   * @returns undefined where the request says nothing: then its body does
   * @throws UnauthorizedError where it says something that isn't true; an AnalyticsError that's
   *   retryable where that can't be told now
   */
  abstract resolve(
    request: IncomingMessage,
  ): ResolvedIdentity | undefined | Promise<ResolvedIdentity | undefined>;
}

/** Takes the body's word for it. */
@Injectable()
export class BodyIdentityResolver extends IdentityResolver {
  override resolve(): undefined {}
}
