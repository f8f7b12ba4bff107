import { isDay } from './dates.js';
import { readFilters, type Filter } from './filters.js';
import { INTERVALS, isPreset, type ChosenRange, type Comparison, type Interval } from './ranges.js';

export const VIEWS = {
  overview: 'Overview',
  funnel: 'Funnel',
  retention: 'Retention',
  live: 'Live',
  people: 'People',
  rejections: 'Rejections',
  import: 'Import',
} as const;

export type View = keyof typeof VIEWS;

export const CHART_METRICS = {
  unique_users: 'Unique users',
  impressions: 'Impressions',
  clicks: 'Clicks',
  ctr: 'Click rate',
  events: 'Events',
  new_users: 'New users',
  events_per_user: 'Events per user',
} as const;

export type ChartMetric = keyof typeof CHART_METRICS;

export type Period = 'day' | 'week' | 'month';

/** All that says what is seen. It stands in the URL, so that a view can be shared. */
export interface ViewState {
  view: View;
  range: ChosenRange;
  zone: string;
  /** Undefined where the range chooses it. */
  interval: Interval | undefined;
  metrics: ChartMetric[];
  compare: Comparison;
  filters: Filter[];
  includeBots: boolean;
  /** The dimension of the breakdown. */
  by: string;
  /** How many of its rows are shown. */
  rows: number;
  /** The events of a funnel, in order. */
  steps: string[];
  /** In which time a funnel is to be gone through. */
  within: string;
  /** Of the retention table. */
  period: Period;
  /** Whose page is open. */
  user: string | undefined;
  isAnonymous: boolean;
  /** Which people are looked for. */
  who: Who;
  /** By a trait; by none where its name is empty. */
  trait: { name: string; value: string };
  /** Where the page of people begins; undefined for the first. */
  cursor: string | undefined;
  /** The one event that the live view shows; all of them where it's empty. */
  only: string;
}

export type Who = 'everyone' | 'known' | 'anonymous';

/** Rows of a breakdown: at first, and when more are wanted. */
export const FEW_ROWS = 10;
export const MANY_ROWS = 200;

const DEFAULTS = {
  view: 'overview',
  range: '30d',
  metrics: ['unique_users', 'impressions', 'clicks'],
  compare: 'previous',
  by: 'event',
  steps: ['impression', 'click'],
  within: '24h',
  period: 'day',
} as const;

const MAX_STEPS = 10;

/**
 * Whatever can't be read is as if it were absent: a URL that was cut off still shows something.
 *
 * @param browserZone of whoever looks, where the URL names none
 */
export function readViewState(search: string, browserZone: string): ViewState {
  const given = new URLSearchParams(search);
  const metrics = list(given.get('metrics')).filter(isChartMetric);
  return {
    view: oneOf(Object.keys(VIEWS) as View[], given.get('view')) ?? DEFAULTS.view,
    range: readRange(given.get('range')),
    zone: readZone(given.get('tz')) ?? browserZone,
    interval: oneOf(INTERVALS, given.get('interval')),
    metrics: metrics.length > 0 ? metrics : [...DEFAULTS.metrics],
    compare: oneOf(['previous', 'year', 'none'], given.get('compare')) ?? DEFAULTS.compare,
    filters: readFilters(given.get('filters') ?? '') ?? [],
    includeBots: given.get('bots') === 'include',
    by: readDimension(given.get('by')) ?? DEFAULTS.by,
    steps: readSteps(given.get('steps')) ?? [...DEFAULTS.steps],
    within: /^[1-9]\d{0,5}[mhd]$/.exec(given.get('within') ?? '')?.[0] ?? DEFAULTS.within,
    period: oneOf(['day', 'week', 'month'], given.get('period')) ?? DEFAULTS.period,
    user: given.get('user') || undefined,
    isAnonymous: given.get('kind') === 'anonymous',
    who: oneOf(['known', 'anonymous'], given.get('who')) ?? 'everyone',
    trait: { name: given.get('trait') ?? '', value: given.get('is') ?? '' },
    cursor: given.get('cursor') ?? undefined,
    only: given.get('only') ?? '',
    rows: given.get('rows') === String(MANY_ROWS) ? MANY_ROWS : FEW_ROWS,
  };
}

/**
 * The zone is always written, since whoever opens the URL may be in another.
 *
 * @returns a query string with its `?`
 */
export function writeViewState(state: ViewState): string {
  const { range, filters } = state;
  const fields: [name: string, value: string | undefined, unlessIs?: string][] = [
    ['view', state.view, DEFAULTS.view],
    ['range', typeof range === 'string' ? range : range.join(','), DEFAULTS.range],
    ['tz', state.zone],
    ['interval', state.interval],
    ['metrics', state.metrics.join(','), DEFAULTS.metrics.join(',')],
    ['compare', state.compare, DEFAULTS.compare],
    ['filters', filters.length > 0 ? JSON.stringify(filters) : undefined],
    ['bots', state.includeBots ? 'include' : undefined],
    ['by', state.by, DEFAULTS.by],
    ['steps', JSON.stringify(state.steps), JSON.stringify(DEFAULTS.steps)],
    ['within', state.within, DEFAULTS.within],
    ['period', state.period, DEFAULTS.period],
    ['user', state.user],
    ['kind', state.user !== undefined && state.isAnonymous ? 'anonymous' : undefined],
    ['who', state.who, 'everyone'],
    ['trait', state.trait.name, ''],
    ['is', state.trait.value, ''],
    ['cursor', state.cursor],
    ['only', state.only, ''],
    ['rows', String(state.rows), String(FEW_ROWS)],
  ];
  const written = new URLSearchParams();
  for (const [name, value, unlessIs] of fields) {
    if (value !== undefined && value !== unlessIs) written.set(name, value);
  }
  return `?${written}`;
}

function readRange(text: string | null): ChosenRange {
  if (text === null) return DEFAULTS.range;
  if (isPreset(text)) return text;
  const [from = '', to = '', ...rest] = text.split(',');
  const isRange =
    rest.length === 0 && isMoment(from) && isMoment(to) && Date.parse(from) < Date.parse(to);
  return isRange ? [from, to] : DEFAULTS.range;
}

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;

function isMoment(text: string): boolean {
  return isDay(text) || (TIME.test(text) && !Number.isNaN(Date.parse(text)));
}

function readZone(text: string | null): string | undefined {
  return text !== null && isZone(text) ? text : undefined;
}

/** By name: an offset is none that the API takes. */
export function isZone(text: string): boolean {
  try {
    return (
      /^[A-Za-z]/.test(text) && Boolean(new Intl.DateTimeFormat('en', { timeZone: text }).format())
    );
  } catch {
    return false;
  }
}

function readDimension(text: string | null): string | undefined {
  return text !== null && /^(event|source|(property|trait):[^]+)$/.test(text) ? text : undefined;
}

function readSteps(text: string | null): string[] | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '');
    if (!Array.isArray(value)) return undefined;
    return value.filter((step) => typeof step === 'string').slice(0, MAX_STEPS);
  } catch {
    return undefined;
  }
}

function isChartMetric(text: string): text is ChartMetric {
  return Object.hasOwn(CHART_METRICS, text);
}

function list(text: string | null): string[] {
  return text === null ? [] : text.split(',');
}

function oneOf<Option extends string>(
  options: readonly Option[],
  text: string | null,
): Option | undefined {
  return options.find((option) => option === text);
}
