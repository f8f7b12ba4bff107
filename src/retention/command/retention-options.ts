import { parseArgs } from 'node:util';

const COMMANDS = ['preview', 'run', 'status'] as const;

export type RetentionCommand = (typeof COMMANDS)[number];

export const RETENTION_USAGE = `Usage: npm run retention -- preview|run|status

  preview   what a run would remove now: events by source and day, days of rollups
  run       removes it now, as the server does by itself every hour
  status    how long things are kept, since when they are there, what the storage can do

How long things are kept is said by RETENTION_DAYS, RETENTION_SOURCES and ROLLUP_RETENTION_DAYS.

It works while the server runs, and while it doesn't: by DATABASE_URL, or on the embedded database in
DATA_DIR. The exit code is 0; 1 where it stopped on the way, or another process is at it; 2 where
nothing was begun; 130 where it was interrupted.
`;

/** The command line can't be used; the message is for the person who wrote it. */
export class RetentionUsageError extends Error {
  override name = 'RetentionUsageError';
}

/**
 * @param argv what stands behind `npm run retention --`
 * @returns undefined when help is asked for
 * @throws RetentionUsageError
 */
export function parseRetentionCommand(argv: string[]): RetentionCommand | undefined {
  const { values, positionals } = parse(argv);
  if (values.help) return undefined;
  const [name, ...others] = positionals;
  const command = COMMANDS.find((known) => known === name);
  if (command === undefined || others.length > 0) {
    throw usage('Name one of preview, run and status.');
  }
  return command;
}

function parse(argv: string[]) {
  try {
    return parseArgs({
      args: argv,
      allowPositionals: true,
      options: { help: { type: 'boolean', short: 'h' } },
    });
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error));
  }
}

function usage(message: string): RetentionUsageError {
  return new RetentionUsageError(`${message}\n\n${RETENTION_USAGE}`);
}
