import type { ClientBase } from 'pg';
import type { FunnelQuery } from '../language/parse-funnel.js';
import type { Range } from '../language/query.js';
import { resolveRange } from '../time/resolve-range.js';
import { rangeText } from '../time/time-buckets.js';
import { sortFilters } from './classify.js';
import { EVENT_COLUMNS, eventConditions, eventTables, PERSON } from './events-sql.js';
import { allSql } from './filter-sql.js';
import { FunnelPath } from './funnel-steps.js';
import { ratio } from './metrics.js';
import { RangeRun, type Effort, type EngineState } from './range-run.js';
import { readSources } from './names.js';
import { expectRaw, expectWithin } from './refusals.js';
import { streamRows } from './row-stream.js';
import { allowScans, everything, type Snapshot } from './snapshot.js';
import { SqlParameters } from './sql-parameters.js';

/** People who took a step after all those before it, in time. */
interface StepRow extends Record<string, unknown> {
  step: number;
  event: string;
  users: number;
  /** Of those who took the first step; null for none. */
  conversion: number | null;
  /** Of those who took the step before. */
  step_conversion: number | null;
  /** From the first step, the shortest way of each person; null for none. */
  median_seconds: number | null;
}

export interface FunnelAnswer {
  results: StepRow[];
  totals: { users: number; converted: number; conversion: number | null };
  query: object;
  /** How many that are a step were left out because they are bots'. */
  botEvents: number;
  effort: Effort;
}

/** @throws RefusedQueryError */
export async function runFunnel(
  client: ClientBase,
  snapshot: Snapshot,
  state: EngineState,
  query: FunnelQuery,
  now: number,
): Promise<FunnelAnswer> {
  const range = resolveRange(query.dateRange, query.timezone, now, everything(snapshot, now));
  const sources = await readSources(client, sortFilters(query.filters).source);
  expectRaw(range.from, snapshot.horizons, sources);
  const { maxRawRows } = state.limits;
  const rawRows = await estimate(client, snapshot, state, query, range);
  expectWithin('raw_rows', rawRows, maxRawRows);
  const times = await walk(client, query, range);
  const botEvents = query.includeBots ? 0 : await countBots(client, query, range);
  const results = times.map((reached, step) => stepRow(query, times, reached, step));
  const [users, converted] = [times[0]!.length, times.at(-1)!.length];
  return {
    results,
    totals: { users, converted, conversion: ratio(converted, users) },
    query: {
      timezone: query.timezone,
      bots: query.includeBots ? 'include' : 'exclude',
      filters: [],
      ...query.given,
      date_range: rangeText(range, query.timezone),
    },
    botEvents,
    effort: { buckets: 0, deltas: 0, rawRows },
  };
}

async function estimate(
  client: ClientBase,
  snapshot: Snapshot,
  state: EngineState,
  { filters, timezone, includeBots }: FunnelQuery,
  range: Range,
): Promise<number> {
  const metrics = [{ key: 'events' as const }];
  const asked = { metrics, dimensions: [], filters, timezone, includeBots };
  const run = await RangeRun.prepare(client, snapshot, state, asked);
  return await run.estimate(range);
}

/** The shortest times to each step, in milliseconds, of the people who reached it. */
async function walk(client: ClientBase, query: FunnelQuery, range: Range): Promise<number[][]> {
  const parameters = new SqlParameters();
  const text = walkSql(query, range, parameters);
  const times: number[][] = query.steps.map(() => []);
  let person: string | undefined;
  let path = new FunnelPath(query.steps.length, query.withinMs);
  const finish = (): void => {
    path.end();
    for (const [step, shortest] of path.shortest.entries()) {
      if (Number.isFinite(shortest)) times[step]!.push(shortest);
    }
  };
  await allowScans(client);
  await streamRows(client, text, parameters.values, ([someone, time, mask]) => {
    if (someone !== person) {
      finish();
      person = someone!;
      path = new FunnelPath(query.steps.length, query.withinMs);
    }
    path.add(Number(time), Number(mask));
  });
  finish();
  return times;
}

/** Events that are any step, of each person in the order of time. */
function walkSql(query: FunnelQuery, range: Range, parameters: SqlParameters): string {
  const { steps, filters, includeBots } = query;
  const all = [...filters, ...steps.flatMap((step) => step.filters)];
  const conditions = steps.map((step) => allSql(step.filters, EVENT_COLUMNS, parameters));
  const mask = conditions
    .map((condition, step) => `CASE WHEN ${condition} THEN ${1 << step} ELSE 0 END`)
    .join(' + ');
  return `
    SELECT person::text, (extract(epoch FROM time) * 1000)::float8::text, mask::text
    FROM (
      SELECT ${PERSON} AS person, events.time, ${mask} AS mask
      FROM ${eventTables({ filters: all, needsPerson: true })}
      WHERE ${eventConditions(range, { filters, bots: includeBots ? 'all' : 'none' }, parameters)}
        AND events.user_seq > 0 AND (${conditions.join(' OR ')})
    ) AS walked
    ORDER BY person, time`;
}

async function countBots(client: ClientBase, query: FunnelQuery, range: Range): Promise<number> {
  const { steps, filters } = query;
  const parameters = new SqlParameters();
  const all = [...filters, ...steps.flatMap((step) => step.filters)];
  const isStep = steps.map((step) => allSql(step.filters, EVENT_COLUMNS, parameters));
  const { rows } = await client.query<{ count: string }>(
    `SELECT count(*) AS count FROM ${eventTables({ filters: all })}
     WHERE ${eventConditions(range, { filters, bots: 'only' }, parameters)}
       AND events.user_seq > 0 AND (${isStep.join(' OR ')})`,
    parameters.values,
  );
  return Number(rows[0]!.count);
}

function stepRow(
  { steps }: FunnelQuery,
  times: readonly number[][],
  reached: readonly number[],
  step: number,
): StepRow {
  return {
    step: step + 1,
    event: steps[step]!.label,
    users: reached.length,
    conversion: ratio(reached.length, times[0]!.length),
    step_conversion: ratio(reached.length, (times[step - 1] ?? reached).length),
    median_seconds: median(reached),
  };
}

/** In seconds. */
function median(ms: readonly number[]): number | null {
  if (ms.length === 0) return null;
  const sorted = ms.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle]!;
  return (sorted.length % 2 === 1 ? upper : (sorted[middle - 1]! + upper) / 2) / 1_000;
}
