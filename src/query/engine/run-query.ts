import type { ClientBase } from 'pg';
import { MINUTE_MS } from '../../rollup/grains.js';
import type { Query, Range } from '../language/query.js';
import { comparedRange, resolveRange } from '../time/resolve-range.js';
import { RangeRun, type Effort, type EngineState, type RangeFigures } from './range-run.js';
import { everything, type Snapshot } from './snapshot.js';

export interface QueryFigures {
  current: RangeFigures;
  compared: RangeFigures | undefined;
  effort: Effort;
}

/**
 * Answers a query within one snapshot.
 *
 * @param now milliseconds
 * @param fixed the range that an earlier page of the same answer had
 * @throws RefusedQueryError
 */
export async function runQuery(
  client: ClientBase,
  snapshot: Snapshot,
  state: EngineState,
  query: Query,
  now: number,
  fixed?: Range,
): Promise<QueryFigures> {
  const range = fixed ?? rangeOf(query, snapshot, now);
  const run = await RangeRun.prepare(client, snapshot, state, query);
  const current = await run.figures(range);
  // The first page tells all that there is to compare with.
  const compare = fixed ? undefined : query.compare;
  const compared = compare && (await run.figures(comparedRange(range, query.timezone, compare)));
  return { current, compared, effort: run.effort };
}

/**
 * The last days, or hours, begin in the middle of a minute. Where raw events of it are gone they begin
 * with the whole one, which rollups have: the answer's `date_range` says so.
 */
function rangeOf({ dateRange, timezone }: Query, snapshot: Snapshot, now: number): Range {
  const range = resolveRange(dateRange, timezone, now, everything(snapshot, now));
  const isRolling = typeof dateRange === 'object' && 'rollingMs' in dateRange;
  if (!isRolling || range.from >= snapshot.horizons.latestMs()) return range;
  return { from: range.from - (range.from % MINUTE_MS), to: range.to };
}
