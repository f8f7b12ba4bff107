import { bucketOf, DAY, MINUTE_MS } from '../rollup/grains.js';
import type { HorizonTargets } from '../rollup/horizon.js';
import type { RetentionOptions } from './retention.options.js';

export interface NamedSource {
  id: number;
  name: string;
}

/**
 * Where the horizons belong at a moment: at the starts of days in UTC, so that every event is kept for
 * as many days as it should be at least, and for less than one more.
 *
 * @param now milliseconds
 */
export function horizonTargets(
  { days, sources: ownDays = new Map(), rollupDays }: RetentionOptions,
  sources: readonly NamedSource[],
  now: number,
): HorizonTargets {
  const dayBefore = (count: number): number =>
    bucketOf(Math.floor(now / MINUTE_MS) - count * DAY, DAY);
  const all = days === undefined ? undefined : dayBefore(Math.max(days, ...ownDays.values()));
  const own = new Map<number, number>();
  for (const { id, name } of sources) {
    const count = ownDays.get(name) ?? days;
    if (count === undefined) continue;
    const minute = dayBefore(count);
    if (all === undefined || minute > all) own.set(id, minute);
  }
  return {
    all,
    sources: own,
    rollups: rollupDays === undefined ? undefined : dayBefore(rollupDays),
  };
}
