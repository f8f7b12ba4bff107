import type { ClientBase } from 'pg';
import { isUnavailable } from '../../common/database-errors.js';
import { askOf } from '../../database/ask.js';
import { readStorageFeatures } from '../../database/storage-features.js';
import { horizonLines } from '../../rollup/command/status.js';
import { amount } from '../../rollup/command/text.js';
import type { RetentionOptions } from '../retention.options.js';
import { describeRemoved } from '../retention-worker.js';
import { readTargets, runRetention, TooBusyError } from '../run-retention.js';
import { previewLines } from './preview.js';
import {
  parseRetentionCommand,
  RETENTION_USAGE,
  RetentionUsageError,
  type RetentionCommand,
} from './retention-options.js';

/** What the command needs of the process that it runs in. */
export interface RetentionContext {
  stdout: NodeJS.WritableStream;
  stderr: NodeJS.WritableStream;
  /** As configured. */
  options: RetentionOptions;
  /** Milliseconds. */
  now: number;
  /** Ends a run between two steps. */
  signal: AbortSignal;
  /** One connection for all of it, on which a statement may take as long as it takes. */
  openDatabase: () => Promise<{ client: ClientBase; close(): Promise<void> }>;
}

const STOPPED = 1;
const NOT_BEGUN = 2;
const INTERRUPTED = 130;

/**
 * Shows what is no longer kept, and removes it: see {@link RETENTION_USAGE}.
 *
 * @param argv what stands behind `npm run retention --`
 * @returns the exit code
 */
export async function runRetentionCommand(
  argv: string[],
  context: RetentionContext,
): Promise<number> {
  let command: RetentionCommand | undefined;
  try {
    command = parseRetentionCommand(argv);
  } catch (error) {
    if (!(error instanceof RetentionUsageError)) throw error;
    context.stderr.write(`${error.message}\n`);
    return NOT_BEGUN;
  }
  if (command !== undefined) return await runOn(command, context);
  context.stdout.write(RETENTION_USAGE);
  return 0;
}

async function runOn(command: RetentionCommand, context: RetentionContext): Promise<number> {
  const database = await context.openDatabase();
  try {
    return await RUNS[command](database.client, context);
  } catch (error) {
    if (!(error instanceof TooBusyError) && !isUnavailable(error)) throw error;
    context.stderr.write(`Not done: ${(error as Error).message}. Try again later.\n`);
    return STOPPED;
  } finally {
    await database.close();
  }
}

type Run = (client: ClientBase, context: RetentionContext) => Promise<number>;

const RUNS: Record<RetentionCommand, Run> = { preview, run, status };

async function preview(
  client: ClientBase,
  { stdout, options, now }: RetentionContext,
): Promise<number> {
  const targets = await readTargets(client, options, now);
  for (const line of await previewLines(client, targets)) stdout.write(`${line}\n`);
  return 0;
}

async function run(
  client: ClientBase,
  { stdout, stderr, options, now, signal }: RetentionContext,
): Promise<number> {
  const removed = await runRetention(client, options, now, signal);
  if (!removed) {
    stderr.write('Another process is removing what is no longer kept.\n');
    return STOPPED;
  }
  const interrupted = signal.aborted ? 'Interrupted. ' : '';
  stdout.write(`${interrupted}Removed ${describeRemoved(removed) || 'nothing'}.\n`);
  return signal.aborted ? INTERRUPTED : 0;
}

async function status(client: ClientBase, { stdout, options }: RetentionContext): Promise<number> {
  const features = await readStorageFeatures(askOf(client));
  const lines = [
    ...policyLines(options),
    ...(await horizonLines(client)),
    `Events lie in ${features.hypertable ? 'chunks' : 'a plain table'}; compression is ${features.compression}.`,
  ];
  for (const line of lines) stdout.write(`${line}\n`);
  return 0;
}

function policyLines({ days, sources, rollupDays }: RetentionOptions): string[] {
  const kept = (count: number | undefined): string =>
    count === undefined ? 'for ever' : `for ${amount(count, 'day')}`;
  return [
    `Raw events are to be kept ${kept(days)}.`,
    ...[...(sources ?? [])].map(
      ([name, count]) => `  source ${JSON.stringify(name)}: ${kept(count)}`,
    ),
    `Rollups are to be kept ${kept(rollupDays)}.`,
  ];
}
