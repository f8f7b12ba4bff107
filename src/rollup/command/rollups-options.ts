import { parseArgs } from 'node:util';
import { parseMilliseconds, TIMESTAMP_FORMS } from '../../common/timestamp.js';
import { MINUTE_MS } from '../grains.js';
import { RollupsError } from './rollups-error.js';

const COMMANDS = ['verify', 'rebuild', 'status'] as const;

/** What the command line says. */
export interface RollupsOptions {
  command: (typeof COMMANDS)[number];
  /** The first minute; undefined for as early as there is anything to compare with. */
  from: number | undefined;
  /** The minute behind the last. */
  to: number | undefined;
  /** As it was given, for a command on the same range. */
  range: string;
}

export const ROLLUPS_USAGE = `Usage: npm run rollups -- verify|rebuild [--from TIME] [--to TIME]
       npm run rollups -- status

  verify    compares the rollups with the raw events, and names each row that differs
  rebuild   makes the rollups anew, from the raw events
  status    what waits to be rolled up, how many rows there are, since when raw events are kept

  --from TIME   begin here; without it where the raw events begin
  --to TIME     end before this; without it where they end
  --help

TIME is ${TIMESTAMP_FORMS}.
A minute that TIME lies in is done as a whole.

It works while the server runs, and while it doesn't: by DATABASE_URL, or on the embedded database in
DATA_DIR. The exit code is 0; 1 where rows differ, or it stopped on the way; 2 where nothing was
begun; 130 where it was interrupted.
`;

/**
 * @param argv what stands behind `npm run rollups --`
 * @returns undefined when help is asked for
 * @throws RollupsError when it can't be used
 */
export function parseRollupsOptions(argv: string[]): RollupsOptions | undefined {
  const { values, positionals } = parse(argv);
  if (values.help) return undefined;
  const command = readCommand(positionals);
  const { from, to } = values;
  if (command === 'status' && (from !== undefined || to !== undefined)) {
    throw usage('--from and --to belong to verify and rebuild.');
  }
  const [start, end] = [readTime('--from', from), readTime('--to', to)];
  if (start !== undefined && end !== undefined && start >= end) {
    throw usage('--from must be before --to.');
  }
  return {
    command,
    from: start === undefined ? undefined : Math.floor(start / MINUTE_MS),
    to: end === undefined ? undefined : Math.ceil(end / MINUTE_MS),
    range: (from === undefined ? '' : ` --from ${from}`) + (to === undefined ? '' : ` --to ${to}`),
  };
}

function parse(argv: string[]) {
  try {
    return parseArgs({
      args: argv,
      allowPositionals: true,
      options: {
        from: { type: 'string' },
        to: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error));
  }
}

function readCommand([name, ...others]: string[]): RollupsOptions['command'] {
  const command = COMMANDS.find((known) => known === name);
  if (command === undefined || others.length > 0) {
    throw usage('Name one of verify, rebuild and status.');
  }
  return command;
}

/** @returns milliseconds */
function readTime(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = parseMilliseconds(text);
  if (time === undefined) throw usage(`${option} must be ${TIMESTAMP_FORMS}.`);
  return time;
}

function usage(message: string): RollupsError {
  return new RollupsError(`${message}\n\n${ROLLUPS_USAGE}`, 2);
}
