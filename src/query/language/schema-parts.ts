import { z } from 'zod';
import { parseMilliseconds, TIMESTAMP_ACCEPTED } from '../../common/timestamp.js';
import { isZone, startOfDate } from '../time/zone.js';
import {
  areFewTests,
  fieldOf,
  FIELDS_ACCEPTED,
  parseFilter,
  TESTS_ACCEPTED,
} from './parse-filter.js';
import {
  METRICS,
  TIME_UNITS,
  type DateRange,
  type Dimension,
  type Filter,
  type Metric,
  type Range,
} from './query.js';

const HOUR_MS = 3_600_000;
/** A hundred years. */
const MAX_ROLLING_MS = 36_525 * 24 * HOUR_MS;

const METRICS_ACCEPTED = `${METRICS.join(', ')} or count(<event>)`;
const RANGE_ACCEPTED =
  'must be [FROM, TO] with FROM before TO, or one of 1h, 24h, 7d, 30d (any Nh or Nd), month, year, all';
const DIMENSIONS_ACCEPTED = `time:${TIME_UNITS.join('|')}, ${FIELDS_ACCEPTED}`;
const MOMENT_ACCEPTED = `must be a date such as 2026-01-31, or ${TIMESTAMP_ACCEPTED}`;

type Context = z.core.$RefinementCtx;

function complain(context: Context, path: PropertyKey[], message: string): never {
  context.addIssue({ code: 'custom', path, message });
  return z.NEVER;
}

/** Characters are counted as the database does: a pair of surrogates is one. */
const EVENT_NAME = /^[^\0]{1,100}$/u;

export function isEventName(text: string): boolean {
  return EVENT_NAME.test(text);
}

export const metric = z.unknown().transform((value, context): Metric => {
  const count = typeof value === 'string' ? /^count\(([^]+)\)$/.exec(value) : undefined;
  if (count && isEventName(count[1]!)) return { key: count[0], count: count[1]! };
  const key = METRICS.find((name) => name === value);
  return key ? { key } : complain(context, [], `must be ${METRICS_ACCEPTED}`);
});

export const dimension = z.unknown().transform((value, context): Dimension => {
  const text = typeof value === 'string' ? value : '';
  const unit = TIME_UNITS.find((name) => text === `time:${name}`);
  if (unit) return { key: 'time', unit };
  const field = fieldOf(text);
  return field ? { key: text, field } : complain(context, [], `must be ${DIMENSIONS_ACCEPTED}`);
});

/** One that begins at a moment and ends before another; moments may be dates in the zone. */
type GivenRange = (zone: string) => DateRange | { path: number[]; message: string };

export const dateRange = z
  .unknown()
  .optional()
  .transform((value, context): GivenRange => {
    if (typeof value === 'string') {
      const preset = presetOf(value);
      return preset === undefined ? complain(context, [], RANGE_ACCEPTED) : () => preset;
    }
    if (!Array.isArray(value) || value.length !== 2) return complain(context, [], RANGE_ACCEPTED);
    return (zone) => rangeOf(value, zone);
  });

function presetOf(text: string): DateRange | undefined {
  if (text === 'month' || text === 'year') return { current: text };
  if (text === 'all') return 'all';
  const match = /^([1-9]\d{0,5})([hd])$/.exec(text);
  if (!match) return undefined;
  const rollingMs = Number(match[1]) * (match[2] === 'h' ? 1 : 24) * HOUR_MS;
  return rollingMs <= MAX_ROLLING_MS ? { rollingMs } : undefined;
}

function rangeOf(value: unknown[], zone: string): Range | { path: number[]; message: string } {
  const [from, to] = value.map((item) => momentOf(item, zone));
  if (from === undefined) return { path: [0], message: MOMENT_ACCEPTED };
  if (to === undefined) return { path: [1], message: MOMENT_ACCEPTED };
  return from < to ? { from, to } : { path: [], message: RANGE_ACCEPTED };
}

function momentOf(value: unknown, zone: string): number | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string') return undefined;
  return parseMilliseconds(text) ?? startOfDate(text, zone);
}

const UNIT_MS = { s: 1_000, m: 60_000, h: HOUR_MS, d: 24 * HOUR_MS };

/** In milliseconds. */
export const duration = z
  .unknown()
  .optional()
  .transform((value, context): number => {
    const match = typeof value === 'string' ? /^([1-9]\d{0,8})([smhd])$/.exec(value) : undefined;
    const ms = match ? Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS] : undefined;
    if (ms !== undefined && ms <= MAX_ROLLING_MS) return ms;
    return complain(context, [], 'must be a time such as 30m, 24h or 7d, of at most 100 years');
  });

export const timezone = z
  .unknown()
  .optional()
  .transform((value, context): string => {
    if (value === undefined) return 'UTC';
    if (typeof value === 'string' && isZone(value)) return value;
    return complain(context, [], 'must be an IANA time zone, such as Europe/Berlin or UTC');
  });

export const givenFilters = z
  .array(
    z.unknown().transform((value, context): Filter => {
      try {
        return parseFilter(value, (path, message) => {
          throw new Complaint(path, message);
        });
      } catch (error) {
        if (error instanceof Complaint) return complain(context, error.path, error.message);
        throw error;
      }
    }),
    'must be a list of filters, such as [["is", "event", ["click"]]]',
  )
  .max(100, 'at most 100 filters')
  .refine(areFewTests, TESTS_ACCEPTED);

export const filters = givenFilters.default([]);

class Complaint extends Error {
  constructor(
    readonly path: PropertyKey[],
    message: string,
  ) {
    super(message);
  }
}

export const bots = z
  .enum(['exclude', 'include'], 'must be exclude or include')
  .default('exclude')
  .transform((value) => value === 'include');
