import type { Filter, Metric } from '../language/query.js';
import type { NamedFilter } from './names.js';

/** What is known of one row. */
export interface RowFigures {
  /** By the counters' keys. */
  counts: Readonly<Record<string, number>>;
  users: number;
  newUsers: number;
}

const ofKind = (kind: string): Filter => ({
  test: 'is',
  field: { of: 'kind' },
  values: [kind],
});
const ofName = (name: string): Filter => ({
  test: 'is',
  field: { of: 'event' },
  values: [name],
});

/** What has to be counted for metrics; all events that the filters leave come first. */
export function countersOf(metrics: readonly Metric[], filters: readonly Filter[]): NamedFilter[] {
  const counters: NamedFilter[] = [{ key: 'events', filters }];
  const add = (key: string, filter: Filter): void => {
    if (counters.every((counter) => counter.key !== key)) {
      counters.push({ key, filters: [...filters, filter] });
    }
  };
  for (const metric of metrics) {
    if ('count' in metric) add(metric.key, ofName(metric.count));
    if (metric.key === 'clicks' || metric.key === 'ctr') add('clicks', ofKind('click'));
    if (metric.key === 'impressions' || metric.key === 'ctr') {
      add('impressions', ofKind('impression'));
    }
  }
  return counters;
}

const NEEDING_USERS = new Set(['unique_users', 'events_per_user', 'new_users']);

export function needsUsers(metrics: readonly Metric[]): boolean {
  return metrics.some(({ key }) => NEEDING_USERS.has(key));
}

export function needsHistory(metrics: readonly Metric[]): boolean {
  return metrics.some(({ key }) => key === 'new_users');
}

/** @returns null for a ratio to nothing */
export function metricValue(
  metric: Metric,
  { counts, users, newUsers }: RowFigures,
): number | null {
  if ('count' in metric) return counts[metric.key]!;
  switch (metric.key) {
    case 'unique_users':
      return users;
    case 'new_users':
      return newUsers;
    case 'ctr':
      return ratio(counts['clicks']!, counts['impressions']!);
    case 'events_per_user':
      return ratio(counts['events']!, users);
    default:
      return counts[metric.key]!;
  }
}

/** @returns null for a ratio to nothing */
export function ratio(dividend: number, divisor: number): number | null {
  return divisor === 0 ? null : dividend / divisor;
}
