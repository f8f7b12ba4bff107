import type { ExecutionContext } from '@nestjs/common';

/** A value of an event, from the handler's context and what it has answered. */
type FromHandler<Value> = (context: ExecutionContext, result: unknown) => Value;

/** What an event is made of, besides its name. */
export interface TrackOptions {
  /**
   * The user's id, or null for nobody: such an event counts for no user. Without it the module's
   * identity resolver says whose the request is.
   */
  user?: FromHandler<
    string | number | null | undefined | Promise<string | number | null | undefined>
  >;
  /** Whether it's an id that a device or a browser made up. */
  anonymous?: FromHandler<boolean>;
  /** A JSON object of at most 32 KB. */
  properties?: FromHandler<
    Record<string, unknown> | undefined | Promise<Record<string, unknown> | undefined>
  >;
  /** When it happened; without it when the handler had answered. */
  timestamp?: FromHandler<Date | string | number | undefined>;
  /** Makes a retry with the same timestamp and user harmless. */
  id?: FromHandler<string | undefined>;
  /** Where it comes from; `default` without it. */
  source?: string;
  /**
   * Whether the answer waits until the event is stored, and is 503 when it can't be; without it
   * nothing of the event delays or fails the answer.
   */
  await?: boolean;
  /** The name of the module that stores it, where that has one. */
  analytics?: string;
}
