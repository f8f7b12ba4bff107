import {
  addDays,
  addMonths,
  dayOf,
  daysBetween,
  isDay,
  sameTimeBefore,
  startOfMonth,
  startOfYear,
  type Day,
} from './dates.js';

/** Ranges that people ask for by name, in the order of the menu. */
export const PRESETS = {
  '1h': 'Last hour',
  '24h': 'Last 24 hours',
  today: 'Today',
  yesterday: 'Yesterday',
  '7d': 'Last 7 days',
  '30d': 'Last 30 days',
  '90d': 'Last 90 days',
  month: 'This month',
  'last-month': 'Last month',
  year: 'This year',
  '12m': 'Last 12 months',
  all: 'All time',
} as const;

export type Preset = keyof typeof PRESETS;

/** A day of the zone, from its beginning, or a moment as ISO 8601 with an offset. */
export type Moment = string;

export type Interval = 'minute' | 'hour' | 'day' | 'week' | 'month';
export const INTERVALS: readonly Interval[] = ['minute', 'hour', 'day', 'week', 'month'];

/** What people chose: a preset, or `from` (in) and `to` (not in). */
export type ChosenRange = Preset | [from: Moment, to: Moment];

/** Half-open, as the API takes it. */
export type DateRange = [from: Moment, to: Moment];

export interface ResolvedRange {
  range: DateRange | 'all';
  /** Whether it isn't over yet. */
  isRunning: boolean;
  /** How long it is about, in milliseconds; undefined for all time. */
  length: number | undefined;
}

export type Comparison = 'previous' | 'year' | 'none';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export function isPreset(text: string): text is Preset {
  return Object.hasOwn(PRESETS, text);
}

/**
 * @param now milliseconds. What isn't over ends with the minute that is under way: whole minutes come
 *   from rollups alone
 */
export function resolveRange(chosen: ChosenRange, zone: string, now: number): ResolvedRange {
  if (chosen === 'all') return { range: 'all', isRunning: true, length: undefined };
  const end = endOfMinute(now);
  const range = typeof chosen === 'string' ? presetRange(chosen, dayOf(now, zone), end) : chosen;
  const [from, to] = range.map((moment) => msOf(moment, zone)) as [number, number];
  return { range, isRunning: to >= now, length: to - from };
}

function presetRange(preset: Exclude<Preset, 'all'>, today: Day, end: number): DateRange {
  const now = isoText(end);
  const month = startOfMonth(today);
  const ranges: Record<typeof preset, DateRange> = {
    '1h': [isoText(end - HOUR_MS), now],
    '24h': [isoText(end - DAY_MS), now],
    today: [today, now],
    yesterday: [addDays(today, -1), today],
    '7d': [addDays(today, -6), now],
    '30d': [addDays(today, -29), now],
    '90d': [addDays(today, -89), now],
    month: [month, now],
    'last-month': [addMonths(month, -1), month],
    year: [startOfYear(today), now],
    '12m': [addMonths(month, -11), now],
  };
  return ranges[preset];
}

/**
 * What a range is compared with: the one before it, or the same of the year before. One that isn't over
 * is compared with as much of the other: half a day with half a day.
 *
 * @returns undefined for all time, before which there is nothing, and for a day that wasn't there
 */
export function comparedRange(
  chosen: ChosenRange,
  { range }: ResolvedRange,
  comparison: Comparison,
  zone: string,
): DateRange | undefined {
  if (range === 'all' || comparison === 'none') return undefined;
  const [from, to] = range;
  const earlier = comparison === 'year' ? yearBefore : periodBefore(chosen, range, zone);
  const compared: DateRange = [earlier(from, zone), earlier(to, zone)];
  // The year before a leap day has none.
  return msOf(compared[0], zone) < msOf(compared[1], zone) ? compared : undefined;
}

type Earlier = (moment: Moment, zone: string) => Moment;

/** Calendar months are compared with calendar months, whole days with as many of them. */
function periodBefore(chosen: ChosenRange, range: DateRange, zone: string): Earlier {
  const months = { month: 1, 'last-month': 1, year: 12, '12m': 12 } as Record<string, number>;
  const back = typeof chosen === 'string' ? months[chosen] : undefined;
  if (back !== undefined) return byMonths(back);
  const [from, to] = range;
  if (!isDay(from)) return byMs(msOf(to, zone) - msOf(from, zone));
  const last = isDay(to) ? to : addDays(dayOf(Date.parse(to) - 1, zone), 1);
  return byDays(daysBetween(from, last));
}

const yearBefore: Earlier = (moment, zone) => byMonths(12)(moment, zone);

function byMonths(months: number): Earlier {
  return (moment, zone) => {
    if (isDay(moment)) return addMonths(moment, -months);
    const day = dayOf(Date.parse(moment), zone);
    return byDays(daysBetween(addMonths(day, -months), day))(moment, zone);
  };
}

/** By the zone's clocks: half past two is compared with half past two, where they changed, too. */
function byDays(days: number): Earlier {
  return (moment, zone) =>
    isDay(moment)
      ? addDays(moment, -days)
      : isoText(sameTimeBefore(Date.parse(moment), days, zone));
}

function byMs(ms: number): Earlier {
  return (moment, zone) => isoText(msOf(moment, zone) - ms);
}

/** The finest that is readable: some dozens of points, and a few hundred at most. */
export function intervalFor(length: number | undefined): Interval {
  if (length === undefined) return 'month';
  if (length <= 3 * HOUR_MS) return 'minute';
  if (length <= 4 * DAY_MS) return 'hour';
  if (length <= 100 * DAY_MS) return 'day';
  return length <= 400 * DAY_MS ? 'week' : 'month';
}

const INTERVAL_MS = {
  minute: MINUTE_MS,
  hour: HOUR_MS,
  day: DAY_MS,
  week: 7 * DAY_MS,
  month: 28 * DAY_MS,
};
/** More points than a screen has pixels help nobody. */
const MAX_POINTS = 5_000;

/** Whether a chart of the range may have such points. */
export function allowsInterval(interval: Interval, length: number | undefined): boolean {
  if (length === undefined)
    return interval === 'week' || interval === 'month' || interval === 'day';
  return length / INTERVAL_MS[interval] <= MAX_POINTS;
}

/** About; a day's beginning in a zone is found by trying, since a browser has no function for it. */
function msOf(moment: Moment, zone: string): number {
  if (!isDay(moment)) return Date.parse(moment);
  const midnight = Date.parse(`${moment}T00:00:00Z`);
  // Zones are at most 14 hours off; most begin their days at a full or a quarter of an hour.
  for (let ms = midnight - 15 * HOUR_MS; ms <= midnight + 15 * HOUR_MS; ms += 15 * MINUTE_MS) {
    if (dayOf(ms, zone) >= moment) return ms;
  }
  return midnight;
}

function endOfMinute(now: number): number {
  return (Math.floor(now / MINUTE_MS) + 1) * MINUTE_MS;
}

function isoText(ms: number): Moment {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}
