import type { ClientBase } from 'pg';
import { showProgress } from '../../common/progress.js';
import { daysWithAnything } from '../days.js';
import { DAY } from '../grains.js';
import { readHorizons } from '../horizons.js';
import { BelowHorizonError } from '../rebuild.js';
import { RollupsError } from './rollups-error.js';
import type { RollupsOptions } from './rollups-options.js';
import { keptAsTheyAre, readSourceHorizons } from './source-horizons.js';
import { timeOf } from './text.js';

/** What a walk needs of the process that it runs in. */
export interface Surroundings {
  stdout: NodeJS.WritableStream;
  /** Ends the walk after the day that is under way. */
  signal: AbortSignal;
}

/** How far it came. */
export interface Walked {
  days: number;
  isInterrupted: boolean;
}

/**
 * Does something for each day that holds anything, as far as raw events of any source are kept.
 *
 * @param work for minutes `[from, to)` of one day
 * @throws RollupsError where the range begins below the horizon
 */
export async function dayByDay(
  client: ClientBase,
  options: RollupsOptions,
  { stdout, signal }: Surroundings,
  work: (from: number, to: number) => Promise<void>,
): Promise<Walked> {
  const { to = Number.POSITIVE_INFINITY } = options;
  let from = await firstMinute(client, options, stdout);
  const days = await daysWithAnything(client, from, to);
  const progress = showProgress(stdout, days.length, 'days');
  try {
    for (let done = 0; done < days.length;) {
      if (signal.aborted) return { days: done, isInterrupted: true };
      const start = days[done]! * DAY;
      try {
        const [first, end] = [Math.max(from, start), Math.min(to, start + DAY)];
        if (first < end) await work(first, end);
        done += 1;
        progress.update(done, done);
      } catch (error) {
        // The horizon may move at any time.
        if (!(error instanceof BelowHorizonError)) throw error;
        from = await firstMinute(client, options, stdout);
      }
    }
    return { days: days.length, isInterrupted: false };
  } finally {
    progress.stop();
  }
}

/** As it was asked for; otherwise the first one whose raw events are kept. */
async function firstMinute(
  client: ClientBase,
  { from, to = Number.POSITIVE_INFINITY }: RollupsOptions,
  stdout: NodeJS.WritableStream,
): Promise<number> {
  const horizon = (await readHorizons(client)).earliest;
  const first = from ?? horizon;
  if (first < horizon) throw belowHorizon(`--from must be ${timeOf(horizon)} or later`);
  if (to <= horizon) throw belowHorizon(`--to must be later than ${timeOf(horizon)}`);
  if (from === undefined && horizon !== Number.NEGATIVE_INFINITY) {
    stdout.write(`Beginning at ${timeOf(horizon)}: raw events before are no longer kept.\n`);
  }
  const others = await readSourceHorizons(client, first);
  for (const line of keptAsTheyAre(others)) stdout.write(`${line}\n`);
  return first;
}

function belowHorizon(problem: string): RollupsError {
  return new RollupsError(
    `${problem}: raw events before are no longer kept, and rollups of that time stay as they are.`,
    2,
  );
}
