import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Analyst, type Recorded } from './support/analyst.js';

const DAY = ['2026-03-01T00:00:00Z', '2026-03-02T00:00:00Z'];
const at = (time: string): string => `2026-03-01T${time}Z`;

/** Seven events of the day that count without bots, by three people and nobody. */
const EVENTS: Recorded[] = [
  { time: '2026-02-27T12:00:00Z', user: 'ada' },
  { time: at('10:00:00'), user: 'ada', properties: { plan: 'pro', n: 1 } },
  { time: at('10:00:30.5'), user: 'bob', properties: { plan: 'free', n: '1' } },
  { time: at('10:20:00'), user: 'ada', event: 'impression', properties: { n: 1.0, x: null } },
  { time: at('10:59:59.999'), user: 'cy', event: 'impression', source: 'shop' },
  {
    time: at('11:00:00'),
    user: 'cy',
    event: 'signup',
    source: 'shop',
    properties: { plan: 'pro' },
  },
  { time: at('11:30:00'), event: 'impression' },
  { time: at('12:00:00'), user: 'bob', event: 'impression', properties: { n: true } },
  { time: at('12:00:00'), user: 'bot', bot: true },
  { time: '2026-03-02T00:00:00Z', user: 'dora' },
];
const METRICS = [
  'events',
  'clicks',
  'impressions',
  'ctr',
  'unique_users',
  'events_per_user',
  'new_users',
  'count(signup)',
  'count(nothing)',
];

describe.each([
  ['before folding', false],
  ['after folding', true],
])('figures %s', (_, isFolded) => {
  let analyst: Analyst;
  beforeAll(async () => {
    analyst = await Analyst.start();
    await analyst.holdFolding(['2026-02-26', '2026-02-27', '2026-03-01', '2026-03-02']);
    await analyst.record(EVENTS);
    if (isFolded) await analyst.fold();
  });
  afterAll(() => analyst.stop());

  const rows = (query: object): Promise<unknown[][]> =>
    analyst.rows({ metrics: ['events', 'unique_users'], date_range: DAY, ...query });

  it('has every metric', async () => {
    const expected = [7, 2, 4, 0.5, 3, 7 / 3, 2, 1, 0];
    expect(await rows({ metrics: METRICS })).toEqual([expected]);
    // By raw events alone.
    const filters = [['not', ['exists', 'property:missing']]];
    expect(await rows({ metrics: METRICS, filters })).toEqual([expected]);
  });

  it('includes bots where that is asked', async () => {
    expect(await rows({ bots: 'include' })).toEqual([[8, 4]]);
    expect(await rows({ bots: 'include', filters: [['exists', 'property:plan']] })).toEqual([
      [3, 3],
    ]);
  });

  it('has no ratio to nothing', async () => {
    const answer = await rows({
      metrics: ['ctr', 'events_per_user', 'events'],
      date_range: [at('11:30:00'), at('11:30:01')],
      filters: [['is_not', 'event', ['impression']]],
    });
    expect(answer).toEqual([[null, null, 0]]);
  });

  it('tells rows apart by event, source, property and several at once', async () => {
    expect(await rows({ dimensions: ['event'], order_by: ['event'] })).toEqual([
      ['click', 2, 2],
      ['impression', 4, 3],
      ['signup', 1, 1],
    ]);
    expect(await rows({ dimensions: ['source'], order_by: ['source'] })).toEqual([
      ['default', 5, 2],
      ['shop', 2, 1],
    ]);
    expect(await rows({ dimensions: ['property:n'], order_by: ['property:n'] })).toEqual([
      [1, 2, 1],
      ['1', 1, 1],
      [true, 1, 1],
      [null, 3, 1],
    ]);
    const both = { dimensions: ['source', 'event', 'time:hour'], fill: false };
    expect(await rows({ ...both, order_by: ['source', 'event', 'time'] })).toEqual([
      ['default', 'click', at('10:00:00'), 2, 2],
      ['default', 'impression', at('10:00:00'), 1, 1],
      ['default', 'impression', at('11:00:00'), 1, 0],
      ['default', 'impression', at('12:00:00'), 1, 1],
      ['shop', 'impression', at('10:00:00'), 1, 1],
      ['shop', 'signup', at('11:00:00'), 1, 1],
    ]);
  });

  it.each<[string, unknown[], [number, number]]>([
    ['is', ['is', 'event', ['click', 'signup']], [3, 3]],
    ['is one value', ['is', 'event', 'click'], [2, 2]],
    ['is_not', ['is_not', 'event', ['click']], [5, 3]],
    ['contains', ['contains', 'event', ['li', 'gn']], [3, 3]],
    ['matches', ['matches', 'event', ['*ick', 's?gn*']], [3, 3]],
    ['matches the whole', ['matches', 'event', ['lic']], [0, 0]],
    ['contains no pattern', ['contains', 'event', ['*', '%', '_']], [0, 0]],
    ['exists', ['exists', 'event'], [7, 3]],
    ['exists not', ['not', ['exists', 'event']], [0, 0]],
    ['is null', ['is', 'event', [null]], [0, 0]],
    ['is null or click', ['is', 'event', [null, 'click']], [2, 2]],
    ['source', ['is', 'source', ['shop']], [2, 1]],
    ['no source', ['is', 'source', ['nowhere']], [0, 0]],
    [
      'and',
      [
        'and',
        [
          ['is', 'event', ['impression']],
          ['is', 'source', ['shop']],
        ],
      ],
      [1, 1],
    ],
    [
      'or',
      [
        'or',
        [
          ['is', 'event', ['signup']],
          ['is', 'source', ['default']],
        ],
      ],
      [6, 3],
    ],
    ['not', ['not', ['is', 'source', ['shop']]], [5, 2]],
    ['a number', ['is', 'property:n', [1]], [3, 2]],
    ['a text', ['is', 'property:n', ['1']], [3, 2]],
    ['a number in other words', ['is', 'property:n', [1]], [3, 2]],
    ['true', ['is', 'property:n', [true]], [1, 1]],
    ['null, which is absent', ['is', 'property:x', [null]], [7, 3]],
    ['not that number', ['is_not', 'property:n', [1]], [4, 2]],
    ['a property that is there', ['exists', 'property:plan'], [3, 3]],
    ['a null that is there', ['exists', 'property:x'], [0, 0]],
    ['part of a property', ['contains', 'property:plan', ['re']], [1, 1]],
    ['a pattern of a property', ['matches', 'property:plan', ['?r*']], [3, 3]],
  ])('filters by %s', async (__, filter, expected) => {
    expect(await rows({ filters: [filter] })).toEqual([expected]);
    // The same by raw events.
    const raw = ['or', [filter, ['exists', 'property:missing']]];
    expect(await rows({ filters: [raw] })).toEqual([expected]);
  });

  it('cuts ranges to the millisecond', async () => {
    const within = (from: string, to: string): Promise<unknown[][]> =>
      rows({ date_range: [at(from), at(to)] });
    expect(await within('10:00:00', '10:00:30.5')).toEqual([[1, 1]]);
    expect(await within('10:00:00', '10:00:30.501')).toEqual([[2, 2]]);
    expect(await within('10:00:00.001', '10:59:59.999')).toEqual([[2, 2]]);
    expect(await within('10:00:00.001', '11:00:00')).toEqual([[3, 3]]);
    expect(await within('10:59:59.999', '11:00:00.001')).toEqual([[2, 1]]);
    expect(await within('10:00:30.1', '10:00:30.4')).toEqual([[0, 0]]);
  });

  it('counts new people as such as were in no bucket before', async () => {
    const metrics = ['new_users'];
    const days = { date_range: ['2026-02-27', '2026-03-03'], dimensions: ['time:day'] };
    const expected = [1, 0, 2, 1];
    expect((await rows({ metrics, ...days })).map(([, users]) => users)).toEqual(expected);
    const raw = [['not', ['exists', 'property:missing']]];
    const byRaw = await rows({ metrics, ...days, filters: raw });
    expect(byRaw.map(([, users]) => users)).toEqual(expected);
    // Under the same filter: nobody had an impression before.
    expect(await rows({ metrics, filters: [['is', 'event', 'impression']] })).toEqual([[3]]);
    expect(await rows({ metrics, dimensions: ['event'], order_by: ['event'] })).toEqual([
      ['click', 1],
      ['impression', 3],
      ['signup', 1],
    ]);
    expect(await rows({ metrics, filters: [['is', 'property:plan', 'pro']] })).toEqual([[2]]);
  });

  it('counts by kinds as they are now', async () => {
    const kind = (name: string, value: string): Promise<unknown> =>
      analyst.client.query('UPDATE event_names SET kind = $2 WHERE name = $1', [name, value]);
    await kind('signup', 'click');
    expect(await rows({ metrics: ['clicks', 'ctr'] })).toEqual([[3, 0.75]]);
    await kind('signup', 'none');
    expect(await rows({ metrics: ['clicks', 'ctr'] })).toEqual([[2, 0.5]]);
  });

  it('tells the query that it answered, and how', async () => {
    const { query, meta, totals } = await analyst.ask({ metrics: ['events'], date_range: DAY });
    expect(query).toEqual({
      metrics: ['events'],
      date_range: DAY,
      timezone: 'UTC',
      bots: 'exclude',
      dimensions: [],
      filters: [],
      order_by: [['events', 'desc']],
      limit: 10_000,
      fill: true,
    });
    expect(totals).toEqual({ events: 7 });
    expect(meta).toMatchObject({ raw_rows: 0, anonymous_events: 1, next_cursor: null });
    expect(meta).toMatchObject(isFolded ? { deltas: 0 } : { buckets: 0 });
  });

  it('reads minutes anew whose events were moved or removed, until that is folded', async () => {
    if (isFolded) await analyst.holdFolding(['2026-02-26', '2026-02-27', '2026-03-01']);
    await analyst.client.query(`UPDATE events SET time = '2026-02-26T00:00:30Z' WHERE time < $1`, [
      DAY[0],
    ]);
    await analyst.client.query('DELETE FROM events WHERE time = $1', [at('12:00:00')]);
    const check = async (): Promise<void> => {
      expect(await rows({ metrics: ['events', 'unique_users', 'new_users'] })).toEqual([[6, 3, 2]]);
      expect((await rows({ date_range: 'all' }))[0]).toEqual([8, 4]);
      const days = { dimensions: ['time:day'], date_range: ['2026-02-25', '2026-03-01'] };
      expect((await rows(days)).map(([, events]) => events)).toEqual([0, 1, 0, 0]);
    };
    await check();
    if (isFolded) await analyst.fold();
    await check();
  });
});
