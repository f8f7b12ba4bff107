import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { filterText, type Filter } from './filters.js';
import { INTERVALS, PRESETS, resolveRange, type ChosenRange, type Preset } from './ranges.js';
import {
  CHART_METRICS,
  FEW_ROWS,
  MANY_ROWS,
  readViewState,
  VIEWS,
  writeViewState,
  type ChartMetric,
  type View,
  type ViewState,
} from './view-state.js';

const ZONE = 'Europe/Berlin';
const DEFAULT = readViewState('', ZONE);

const ranges = fc.oneof(
  fc.constantFrom(...(Object.keys(PRESETS) as Preset[])),
  fc.constantFrom<ChosenRange>(
    ['2015-05-17', '2015-05-21'],
    ['2015-05-17T10:00:00.000Z', '2015-05-17T11:00:00.000Z'],
  ),
);
const filter = fc.oneof(
  fc
    .tuple(fc.string(), fc.oneof(fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true })))
    .map(([name, value]): Filter => ['is', `property:${name}`, [Object.is(value, -0) ? 0 : value]]),
  fc.string().map((name): Filter => ['not', ['exists', `trait:${name}`]]),
);
const user = fc.option(fc.string({ minLength: 1, unit: 'binary' }), { nil: undefined });
const state: fc.Arbitrary<ViewState> = fc
  .record<ViewState>({
    view: fc.constantFrom(...(Object.keys(VIEWS) as View[])),
    range: ranges,
    zone: fc.constantFrom('UTC', 'Asia/Kathmandu', 'America/New_York'),
    interval: fc.option(fc.constantFrom(...INTERVALS), { nil: undefined }),
    metrics: fc.uniqueArray(fc.constantFrom(...(Object.keys(CHART_METRICS) as ChartMetric[])), {
      minLength: 1,
    }),
    compare: fc.constantFrom('previous', 'year', 'none'),
    filters: fc.array(filter, { maxLength: 3 }),
    includeBots: fc.boolean(),
    by: fc.constantFrom('event', 'source', 'property:path', 'property:a,b&c=d', 'trait:plan'),
    steps: fc.array(fc.string({ minLength: 1 }), { maxLength: 10 }),
    within: fc.constantFrom('30m', '24h', '7d'),
    period: fc.constantFrom('day', 'week', 'month'),
    user,
    isAnonymous: fc.boolean(),
    who: fc.constantFrom('everyone', 'known', 'anonymous'),
    trait: fc.record({ name: fc.string(), value: fc.string() }),
    cursor: fc.option(fc.base64String({ minLength: 1 }), { nil: undefined }),
    only: fc.string(),
    rows: fc.constantFrom(FEW_ROWS, MANY_ROWS),
  })
  .filter(({ isAnonymous, ...given }) => given.user !== undefined || !isAnonymous);

describe('the state in the URL', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(state, (given) => {
        expect(readViewState(writeViewState(given), ZONE)).toEqual(given);
      }),
    );
  });

  it('is the last 30 days in the zone of whoever looks, where it says nothing', () => {
    expect(DEFAULT).toMatchObject({ view: 'overview', range: '30d', zone: ZONE, filters: [] });
    expect(writeViewState(DEFAULT)).toBe('?tz=Europe%2FBerlin');
  });

  it.each([
    'view=admin',
    'range=tomorrow',
    'range=2015-05-17',
    'range=a,b',
    'range=2015-05-17,2015-05-17',
    'tz=Mars/Olympus',
    'interval=second',
    'metrics=money',
    'compare=x',
    'filters={',
    'filters=[1]',
    'filters=[["not"]]',
    'filters=[["and"]]',
    'filters=[["or","x"]]',
    'filters=[["not",["and",[[]]]]]',
    'filters=[["is","event"]]',
    'range=2026-02-30,2026-03-02',
    'range=2026-03-02,2026-03-01',
    'range=2026-03-01T10:00,2026-03-01T11:00',
    'tz=%2B05:30',
    'user=',
    'by=user',
    'steps=no',
    'within=forever',
    'period=hour',
  ])('%s is as if it were absent', (search) => {
    expect(readViewState(`?${search}`, ZONE)).toEqual(DEFAULT);
  });

  it('is always something that can be shown', () => {
    const json = fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.stringify(value));
    const anything = fc.oneof(fc.string(), json);
    fc.assert(
      fc.property(anything, anything, anything, (filters, steps, range) => {
        const given = new URLSearchParams({ filters, steps, range }).toString();
        const read = readViewState(`?${given}`, ZONE);
        expect(read.filters.map(filterText).every((text) => text !== '')).toBe(true);
        expect(() => resolveRange(read.range, read.zone, 0)).not.toThrow();
      }),
    );
  });

  it('takes what can be read of lists', () => {
    expect(readViewState('?metrics=clicks,money,ctr', ZONE).metrics).toEqual(['clicks', 'ctr']);
  });
});
