import type { ClientBase } from 'pg';
import { isUnavailable } from '../../common/database-errors.js';
import { rebuildMinutes } from '../rebuild.js';
import { verifyMinutes, type Difference } from '../verify.js';
import { dayByDay, type Surroundings } from './day-by-day.js';
import { differenceLines } from './difference-lines.js';
import { RollupsError } from './rollups-error.js';
import { parseRollupsOptions, ROLLUPS_USAGE, type RollupsOptions } from './rollups-options.js';
import { statusLines } from './status.js';
import { amount } from './text.js';

/** What the command needs of the process that it runs in. */
export interface RollupsContext extends Surroundings {
  stderr: NodeJS.WritableStream;
  /** One connection for all of it, on which a statement may take as long as it takes. */
  openDatabase: () => Promise<{ client: ClientBase; close(): Promise<void> }>;
}

const INTERRUPTED = 130;
const MAX_SHOWN = 100;

/**
 * Verifies, rebuilds or describes the rollups: see {@link ROLLUPS_USAGE}.
 *
 * @param argv what stands behind `npm run rollups --`
 * @returns the exit code: 0 all is done and no row differs, 1 one does, or it stopped on the way, 2
 *   nothing was begun, 130 it was interrupted
 */
export async function runRollups(argv: string[], context: RollupsContext): Promise<number> {
  try {
    const options = parseRollupsOptions(argv);
    if (options) return await runCommand(options, context);
    context.stdout.write(ROLLUPS_USAGE);
    return 0;
  } catch (error) {
    if (!(error instanceof RollupsError)) throw error;
    context.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
}

async function runCommand(options: RollupsOptions, context: RollupsContext): Promise<number> {
  const database = await context.openDatabase();
  try {
    return await COMMANDS[options.command](database.client, options, context);
  } catch (error) {
    if (!isUnavailable(error)) throw error;
    const { message } = error as Error;
    throw new RollupsError(`The database went away (${message}). Try again when it is back.`, 1);
  } finally {
    await database.close();
  }
}

type Command = (
  client: ClientBase,
  options: RollupsOptions,
  context: RollupsContext,
) => Promise<number>;

const COMMANDS: Record<RollupsOptions['command'], Command> = { verify, rebuild, status };

async function verify(
  client: ClientBase,
  options: RollupsOptions,
  context: RollupsContext,
): Promise<number> {
  const { stdout } = context;
  const shown: Difference[] = [];
  let count = 0;
  const { days, isInterrupted } = await dayByDay(client, options, context, async (from, to) => {
    const differences = await verifyMinutes(client, from, to);
    count += differences.length;
    shown.push(...differences.slice(0, MAX_SHOWN - shown.length));
  });
  for (const line of await differenceLines(client, shown)) stdout.write(`${line}\n`);
  if (count > shown.length) stdout.write(`… and ${count - shown.length} more\n`);
  const result =
    count === 0
      ? 'no difference.'
      : `${amount(count, 'row')} ${count === 1 ? 'differs' : 'differ'}. ` +
        `npm run rollups -- rebuild${options.range} repairs ${count === 1 ? 'it' : 'them'}.`;
  const interrupted = isInterrupted ? 'Interrupted. ' : '';
  stdout.write(`${interrupted}Verified ${amount(days, 'day')}: ${result}\n`);
  if (isInterrupted) return INTERRUPTED;
  return count === 0 ? 0 : 1;
}

async function rebuild(
  client: ClientBase,
  options: RollupsOptions,
  context: RollupsContext,
): Promise<number> {
  let rows = 0;
  const { days, isInterrupted } = await dayByDay(client, options, context, async (from, to) => {
    rows += await rebuildMinutes(client, from, to);
  });
  const interrupted = isInterrupted ? 'Interrupted. ' : '';
  context.stdout.write(
    `${interrupted}Rebuilt ${amount(days, 'day')}: ${amount(rows, 'row')} written.\n`,
  );
  return isInterrupted ? INTERRUPTED : 0;
}

async function status(
  client: ClientBase,
  _: RollupsOptions,
  { stdout }: RollupsContext,
): Promise<number> {
  for (const line of await statusLines(client)) stdout.write(`${line}\n`);
  return 0;
}
