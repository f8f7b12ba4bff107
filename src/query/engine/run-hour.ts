import type { ClientBase } from 'pg';
import { MINUTE_MS } from '../../rollup/grains.js';
import type { Filter, Query, Range } from '../language/query.js';
import type { EngineState } from './range-run.js';
import { runQuery } from './run-query.js';
import type { Snapshot } from './snapshot.js';

/** Clicks and impressions of a window with both ends in it, in milliseconds. */
export interface HourFigures extends Range {
  users: number;
  clicks: number;
  impressions: number;
}

const REPORTED: Filter = { test: 'is', field: { of: 'kind' }, values: ['click', 'impression'] };

/** Below the horizon the window is widened to whole minutes, which is as fine as rollups are. */
export async function runHour(
  client: ClientBase,
  snapshot: Snapshot,
  state: EngineState,
  window: Range,
): Promise<HourFigures> {
  const range = widen({ from: window.from, to: window.to + 1 }, snapshot.horizons.latestMs());
  const query: Query = {
    metrics: [{ key: 'unique_users' }, { key: 'clicks' }, { key: 'impressions' }],
    dateRange: range,
    timezone: 'UTC',
    dimensions: [],
    filters: [REPORTED],
    givenFilters: [],
    includeBots: true,
    orderBy: [],
    limit: 1,
    cursor: undefined,
    fill: false,
    compare: undefined,
  };
  const { current } = await runQuery(client, snapshot, state, query, window.to);
  const { users, counts } = current.totals;
  return {
    from: range.from,
    to: range.to - 1,
    users,
    clicks: counts['clicks']!,
    impressions: counts['impressions']!,
  };
}

function widen({ from, to }: Range, horizonMs: number): Range {
  const start = Math.floor(from / MINUTE_MS) * MINUTE_MS;
  const end = Math.ceil(to / MINUTE_MS) * MINUTE_MS;
  const last = Math.floor(to / MINUTE_MS) * MINUTE_MS;
  return {
    from: from < horizonMs ? start : from,
    to: to > last && last < horizonMs ? end : to,
  };
}
