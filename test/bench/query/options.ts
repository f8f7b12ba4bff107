import { parseArgs } from 'node:util';
import { choose, OptionsError, STORAGES, type Storage } from '../options.js';
import { FULL_QUERY_PLAN, QUICK_QUERY_PLAN, type QueryPlan } from './plan.js';

export const QUERY_PARTS = ['write', 'fold', 'hour', 'month', 'hourly', 'growth', 'load'] as const;

export type QueryPart = (typeof QUERY_PARTS)[number];

export interface QueryOptions {
  help: boolean;
  storages: readonly Storage[];
  parts: readonly QueryPart[];
  plan: QueryPlan;
  json: string | undefined;
}

/** What each of them may be: numbers of users are integers, and data sets lie 100 days apart. */
const NUMBERS = {
  events: 1_000_000_000,
  users: 100_000_000,
  days: 365,
  'hour-events': 100_000_000,
  'hour-users': 100_000_000,
  'fold-events': 50_000_000,
} as const;

const format = (value: number): string => value.toLocaleString('en-US');
const { events, users, days, hourEvents, hourUsers, foldEvents } = FULL_QUERY_PLAN;

export const QUERY_HELP = `npm run bench -- query [OPTIONS]

Measures reading: what the server answers against SQL over the same events, in the same run, and
what it costs to write and fold the rollups that it reads. Each answer has to have the figures of
SQL, or the run fails. What is required holds for TimescaleDB; plain PostgreSQL is reported.

  --events N            of the data set of many days; ${format(events)}. What is required of the
                        speed over many days holds from 50,000,000 on, which take 15 GB below TMPDIR
  --users N             of that; ${format(users)}
  --days N              of that; ${days}
  --hour-events N       of the data set of one hour; ${format(hourEvents)}
  --hour-users N        of that; ${format(hourUsers)}
  --fold-events N       written and folded; ${format(foldEvents)}
  --quick               tiny sizes, under a minute: whether it runs, not how fast
  --storage STORAGE     ${STORAGES.join(' or ')} only
  --only PART,...       parts of the plan: ${QUERY_PARTS.join(', ')}
  --json FILE           writes the figures of each round as JSON, too
  --help                this text

The parts:
  write     batches of 1,000 over HTTP with rollups, against the same without their trigger
  fold      the time to fold what was written over HTTP, against the time to write it
  hour      GET /analytics, to the second, in the data set of one hour: at least 10 times faster
            than SQL (the aim is 20)
  month     users and events of all days
  hourly    the same by hour, with totals
  growth    all days but some minutes, against the same with a tenth of the events, same users
  load      p99 of a single POST at 30 % load while four clients query, against that without them
Each of hour, month and hourly is also reported cold: the first answer of a server that has just
started, and with the memory of the server after it.`;

/** @throws OptionsError */
export function readQueryOptions(args: string[]): QueryOptions {
  const values = parse(args);
  const quick = values.quick === true;
  return {
    help: values.help === true,
    storages: choose('--storage', values.storage, STORAGES),
    parts: choose('--only', values.only, QUERY_PARTS),
    plan: { ...(quick ? QUICK_QUERY_PLAN : FULL_QUERY_PLAN), ...readSizes(values) },
    json: values.json,
  };
}

function readSizes(values: Record<string, unknown>): Partial<QueryPlan> {
  const sizes = Object.entries(NUMBERS).flatMap(([option, most]): [string, number][] => {
    const value = values[option];
    if (typeof value !== 'string') return [];
    const number = /^\d+$/.test(value) ? Number(value) : 0;
    if (number < 1 || number > most) {
      throw new OptionsError(`--${option} takes a number from 1 to ${format(most)}`);
    }
    return [[option.replace(/-(.)/, (_, letter: string) => letter.toUpperCase()), number]];
  });
  return Object.fromEntries(sizes);
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        events: { type: 'string' },
        users: { type: 'string' },
        days: { type: 'string' },
        'hour-events': { type: 'string' },
        'hour-users': { type: 'string' },
        'fold-events': { type: 'string' },
        quick: { type: 'boolean' },
        help: { type: 'boolean' },
        storage: { type: 'string' },
        only: { type: 'string' },
        json: { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw new OptionsError(`${(error as Error).message}\nnpm run bench -- query --help says more.`);
  }
}
