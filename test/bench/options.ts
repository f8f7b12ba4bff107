import { parseArgs } from 'node:util';

export const STORAGES = ['timescaledb', 'plain'] as const;
export const PARTS = ['batch', 'stream', 'single', 'latency'] as const;

export type Storage = (typeof STORAGES)[number];
export type Part = (typeof PARTS)[number];

export interface BenchOptions {
  help: boolean;
  quick: boolean;
  storages: readonly Storage[];
  parts: readonly Part[];
  /** Where the results go as JSON, besides the table. */
  json: string | undefined;
}

/** The command line can't be used; the message says what is accepted. */
export class OptionsError extends Error {
  override name = 'OptionsError';
}

export const HELP = `npm run bench -- [OPTIONS]           what comes in
npm run bench -- query [OPTIONS]     what goes out

Measures the built server against what the same machine can do at best, in one run: throwaway
databases, the server and its clients, side by side. Nothing of yours is touched.

  --quick               small counts, under a minute: whether it runs, not how fast
  --storage STORAGE     ${STORAGES.join(' or ')} only
  --only PART,...       parts of the plan: ${PARTS.join(', ')}
  --json FILE           writes the figures of each round as JSON, too
  --help                this text

The parts:
  batch     batches of 1,000 over HTTP against one binary COPY of the same rows, and the CPU of both
  stream    one request of newline-delimited JSON against the same COPY
  single    one event a request against a handler that stores nothing, and one that inserts by ORM
  latency   p99 at 30 % of the rate of single, at constant arrivals
The server's memory is watched through all of them. A figure is the median of rounds that alternate
with those of what it is compared to. Figures that miss what is required don't change the exit code;
a round whose rows don't add up does.`;

/** @throws OptionsError */
export function readOptions(args: string[]): BenchOptions {
  const { storage, only, quick, help, json } = parse(args);
  return {
    help: help === true,
    quick: quick === true,
    storages: choose('--storage', storage, STORAGES),
    parts: choose('--only', only, PARTS),
    json,
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        quick: { type: 'boolean' },
        help: { type: 'boolean' },
        storage: { type: 'string' },
        only: { type: 'string' },
        json: { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw new OptionsError(`${(error as Error).message}\nnpm run bench -- --help says more.`);
  }
}

/** @returns what an option names, or all there is without it */
export function choose<Choice extends string>(
  option: string,
  value: string | undefined,
  choices: readonly Choice[],
): readonly Choice[] {
  if (value === undefined) return choices;
  const wanted = value.split(',');
  const unknown = wanted.filter((name) => !choices.some((choice) => choice === name));
  if (unknown.length > 0) {
    throw new OptionsError(`${option} takes ${choices.join(' or ')}, or several with commas`);
  }
  return choices.filter((choice) => wanted.includes(choice));
}
