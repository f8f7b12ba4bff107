import { RetentionOptions } from '../../src/retention/retention.options.js';
import { runRetention, type Removed } from '../../src/retention/run-retention.js';
import { Analyst, type Recorded } from './analyst.js';

const DAY_MS = 86_400_000;
/** Long before any server's clock, which would hold else. */
export const NOW = Date.parse('2025-03-31T12:00:00Z');

/** A moment of some day before {@link NOW}, such as `10:20:30.5`. */
export function daysAgo(days: number, time: string): string {
  const day = new Date(NOW - days * DAY_MS).toISOString().slice(0, 10);
  return new Date(`${day}T${time}Z`).toISOString();
}

/** The start of that day. */
export const startOf = (days: number): string => daysAgo(days, '00:00:00');

/** Raw events of 90 days; 30 of the source `shop`, 400 of `app`. */
export function policy(more: Partial<RetentionOptions> = {}): RetentionOptions {
  const sources = new Map([
    ['shop', 30],
    ['app', 400],
  ]);
  return Object.assign(new RetentionOptions(), { days: 90, sources }, more);
}

/** What the policy above keeps, and what it doesn't: of each source some that lie on either side. */
export const EVENTS: readonly Recorded[] = [
  { time: daysAgo(500, '09:00:00'), source: 'app', user: 'ada', event: 'click' },
  { time: daysAgo(200, '09:00:10'), source: 'app', user: 'ada', event: 'signup' },
  { time: daysAgo(100, '09:00:10'), source: 'default', user: 'bob', event: 'click' },
  { time: daysAgo(100, '09:00:20'), source: 'app', user: 'cy', event: 'click' },
  { time: daysAgo(40, '10:00:15'), source: 'shop', user: 'ada', event: 'click' },
  { time: daysAgo(40, '10:00:25'), source: 'shop', user: 'dan', event: 'impression' },
  { time: daysAgo(40, '10:00:35'), source: 'shop', event: 'click' },
  { time: daysAgo(40, '10:00:45'), source: 'default', user: 'bob', event: 'click' },
  { time: daysAgo(40, '10:20:45'), source: 'app', user: 'eve', event: 'click', bot: true },
  { time: daysAgo(31, '23:59:59.999'), source: 'shop', user: 'dan', event: 'click' },
  { time: daysAgo(30, '00:00:00'), source: 'shop', user: 'fay', event: 'click' },
  { time: daysAgo(2, '10:00:00'), source: 'shop', user: 'ada', event: 'signup' },
].map((event, index) =>
  Object.assign(event, {
    id: `019580a0-0000-7000-8000-${String(index).padStart(12, '0')}`,
    properties: { plan: 'pro' },
  }),
);

/** A run at {@link NOW}, on the analyst's own connection. */
export async function expire(
  analyst: Analyst,
  options: RetentionOptions = policy(),
): Promise<Removed | undefined> {
  return await runRetention(analyst.client, options, NOW, new AbortController().signal);
}

/** How many raw events there are of each source. */
export async function countRaw(analyst: Analyst): Promise<Record<string, number>> {
  const { rows } = await analyst.client.query<{ name: string; count: number }>(
    `SELECT name, count(*)::float8 AS count FROM events JOIN sources ON sources.id = source_id
     GROUP BY name ORDER BY name`,
  );
  return Object.fromEntries(rows.map(({ name, count }) => [name, count]));
}
