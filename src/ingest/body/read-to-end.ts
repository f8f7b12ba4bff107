import type { IncomingMessage } from 'node:http';
import { Logger } from '@nestjs/common';
import {
  AnalyticsError,
  InterruptedStreamError,
  UnreadableRequestError,
} from '../../common/errors.js';
import { CutOffError, discard } from './body-chunks.js';

/** What a body brings, on its way to where it's stored. */
export interface BodyRun {
  /** Stores what was read. */
  finish(): Promise<void>;
  /** After a failure: what else was stored counts, too. */
  settleStored(): Promise<void>;
  /** What became of it so far, for the answer. */
  toResult(): object;
  /** Items of which it's known what became of them. */
  readonly total: number;
}

const logger = new Logger('Body');

/**
 * Stores what a body brings, to its end or as far as it comes.
 *
 * @param name of what the body is, such as `stream`
 * @returns why the rest wasn't read, if anything is left
 * @throws UnreadableRequestError when nothing could be read, InterruptedStreamError with what was
 *   stored so far when no more could be, and whatever else `read` throws
 */
export async function readToEnd(
  request: IncomingMessage,
  name: string,
  run: BodyRun,
  read: () => Promise<void>,
): Promise<string | undefined> {
  try {
    await read();
    await run.finish();
    return undefined;
  } catch (error) {
    void discard(request);
    if (!(error instanceof CutOffError)) throw await failureOf(run, error);
    return await finishEarly(name, run, error.message);
  }
}

async function finishEarly(name: string, run: BodyRun, reason: string): Promise<string> {
  try {
    await run.finish();
  } catch (error) {
    throw await failureOf(run, error);
  }
  logger.warn(`A ${name} ended early, after ${run.total} items: ${reason}`);
  if (run.total > 0) return reason;
  const message = `no line of the ${name} could be read: ${reason}`;
  throw new UnreadableRequestError('unreadable_body', message, 400);
}

async function failureOf(run: BodyRun, error: unknown): Promise<unknown> {
  if (!(error instanceof AnalyticsError) || error instanceof UnreadableRequestError) return error;
  await run.settleStored();
  return new InterruptedStreamError(error, run.toResult());
}
