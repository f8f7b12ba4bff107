import type { ClientBase } from 'pg';
import { UserSet } from '../../rollup/user-set.js';
import type { RetentionQuery } from '../language/parse-retention.js';
import type { Filter, Range } from '../language/query.js';
import { resolveRange } from '../time/resolve-range.js';
import { estimateBuckets, rangeText } from '../time/time-buckets.js';
import { RangeRun, type Effort, type EngineState, type RangeQuery } from './range-run.js';
import { expectWithin } from './refusals.js';
import { everything, type Snapshot } from './snapshot.js';

/** People who came first in one period, and how many of them came in it and in each one after. */
interface CohortRow extends Record<string, unknown> {
  cohort: string;
  size: number;
  retained: number[];
}

export interface RetentionAnswer {
  results: CohortRow[];
  totals: { size: number };
  query: object;
  /** How many of those that came back were left out because they are bots'. */
  botEvents: number;
  effort: Effort;
}

/**
 * The cohort of a person is the period of their first event ever, which must lie in the range.
 *
 * @throws RefusedQueryError
 */
export async function runRetention(
  client: ClientBase,
  snapshot: Snapshot,
  state: EngineState,
  query: RetentionQuery,
  now: number,
): Promise<RetentionAnswer> {
  const range = resolveRange(query.dateRange, query.timezone, now, everything(snapshot, now));
  expectFewCells(range, query, state);
  const run = (filters: Filter[], isFirst: boolean): Promise<RangeRun> =>
    RangeRun.prepare(client, snapshot, state, asked(query, filters, isFirst));
  const [first, returning] = [
    await run(query.cohortFilters, true),
    await run(query.filters, false),
  ];
  const { results, size, botEvents } = isEmpty(range)
    ? { results: [], size: 0, botEvents: 0 }
    : matrix(await first.people(range), await returning.people(range));
  return {
    results,
    totals: { size },
    query: {
      timezone: query.timezone,
      bots: query.includeBots ? 'include' : 'exclude',
      filters: [],
      ...query.given,
      date_range: rangeText(range, query.timezone),
    },
    botEvents,
    effort: sum(first.effort, returning.effort),
  };
}

/** Each cohort has a number for each period from its own on. */
function expectFewCells(range: Range, { period }: RetentionQuery, { limits }: EngineState): void {
  if (isEmpty(range)) return;
  const periods = estimateBuckets(range, period);
  expectWithin('result_rows', (periods * (periods + 1)) / 2, limits.maxResultRows);
}

type ByPeriod = Awaited<ReturnType<RangeRun['people']>>;

function matrix(
  first: ByPeriod,
  returning: ByPeriod,
): { results: CohortRow[]; size: number; botEvents: number } {
  const seen = UserSet.empty();
  seen.add(first.before);
  let size = 0;
  const results = first.people.map((people, period): CohortRow => {
    const members = people.without(seen);
    seen.add(people);
    size += members.size;
    return {
      cohort: first.buckets.labels[period]!,
      size: members.size,
      retained: returning.people.slice(period).map((later) => members.and(later).size),
    };
  });
  return { results, size, botEvents: returning.botEvents };
}

/** `new_users` has the events before the range looked at, too. */
function asked(query: RetentionQuery, filters: Filter[], isFirst: boolean): RangeQuery {
  return {
    metrics: [{ key: isFirst ? 'new_users' : 'unique_users' }],
    dimensions: [{ key: 'time', unit: query.period }],
    filters,
    timezone: query.timezone,
    includeBots: query.includeBots,
  };
}

function isEmpty({ from, to }: Range): boolean {
  return from >= to;
}

function sum(one: Effort, other: Effort): Effort {
  return {
    buckets: one.buckets + other.buckets,
    deltas: one.deltas + other.deltas,
    rawRows: one.rawRows + other.rawRows,
  };
}
