import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Analyst } from './support/analyst.js';

const DAYS = ['2026-03-01', '2026-03-02', '2026-03-03'];
const RANGE = ['2026-03-01', '2026-03-04'];
const RAW = ['not', ['exists', 'property:missing']];

describe.each([
  ['before folding', false],
  ['after folding', true],
])('people %s', (_, isFolded) => {
  let analyst: Analyst;
  beforeAll(async () => {
    analyst = await Analyst.start();
    await analyst.holdFolding(DAYS);
    await analyst.record([
      { time: '2026-03-01T10:00:00Z', user: 'phone', kind: 'anonymous' },
      { time: '2026-03-01T10:00:01Z', user: 'laptop', kind: 'anonymous' },
      { time: '2026-03-01T11:00:00Z', user: 'ada' },
      { time: '2026-03-02T10:00:00Z', user: 'laptop', kind: 'anonymous', event: 'impression' },
      // The same id, and another user.
      { time: '2026-03-02T11:00:00Z', user: 'ada', kind: 'anonymous' },
      { time: '2026-03-02T12:00:00Z', user: 'bob' },
      { time: '2026-03-02T12:00:00Z' },
      { time: '2026-03-03T10:00:00Z', user: 'ada' },
      { time: '2026-03-03T10:00:00Z', user: 'phone', kind: 'anonymous', event: 'impression' },
    ]);
    if (isFolded) await analyst.fold();
  });
  afterAll(() => analyst.stop());

  /** By rollups and by raw events, which must be the same. */
  async function figures(query: object): Promise<unknown[][]> {
    const { filters = [], ...rest } = query as { filters?: unknown[] };
    const asked = { date_range: RANGE, ...rest };
    const byRollups = await analyst.rows({ ...asked, filters });
    expect(await analyst.rows({ ...asked, filters: [...filters, RAW] })).toEqual(byRollups);
    return byRollups;
  }
  const users = async (query: object = {}): Promise<unknown> =>
    (await figures({ metrics: ['unique_users'], ...query }))[0]![0];

  it('counts each user of either kind while none is merged', async () => {
    expect(await users()).toBe(5);
    const daily = { metrics: ['unique_users', 'new_users'], dimensions: ['time:day'] };
    expect((await figures(daily)).map((row) => row.slice(1))).toEqual([
      [3, 3],
      [3, 2],
      [2, 0],
    ]);
  });

  it('counts a merged user as its person in every window at once, and not after its undoing', async () => {
    await analyst.merge('phone', 'ada');
    await analyst.merge('laptop', 'ada');
    expect(await users()).toBe(3);
    const daily = {
      metrics: ['unique_users', 'new_users', 'events', 'events_per_user'],
      dimensions: ['time:day'],
    };
    expect((await figures(daily)).map((row) => row.slice(1))).toEqual([
      [1, 1, 3, 3],
      [3, 2, 4, 4 / 3],
      [1, 0, 2, 2],
    ]);
    // Only the laptop's event is in this window.
    expect(await users({ date_range: ['2026-03-02T10:00:00Z', '2026-03-02T10:00:01Z'] })).toBe(1);
    const report = await analyst.server.get('/analytics?timestamp=2026-03-01T11:00:00Z');
    expect(await report.text()).toBe('unique_users,1\nclicks,3\nimpressions,0\n');
    await analyst.client.query('UPDATE merges SET undone_at = now(), undone_by = $1', ['test']);
    expect(await users()).toBe(5);
    await analyst.client.query('UPDATE merges SET undone_at = NULL, undone_by = NULL');
    expect(await users()).toBe(3);
  });

  it('has nobody counted in events alone', async () => {
    const filters = [['is', 'event', 'click']];
    const range = { date_range: ['2026-03-02T12:00:00Z', '2026-03-02T12:00:01Z'], filters };
    expect(await figures({ metrics: ['events', 'unique_users', 'new_users'], ...range })).toEqual([
      [2, 1, 1],
    ]);
  });

  it("filters by the person's traits as they are now", async () => {
    await analyst.client.query(
      `UPDATE users SET traits = '{"plan": "pro", "age": 30.0, "tags": ["x"]}'
       WHERE id = 'ada' AND kind = 'known'`,
    );
    await analyst.setTraits('bob', { plan: 'free', age: 40, gone: null });
    // An anonymous user's own traits don't count while it's merged.
    await analyst.setTraits('phone', { plan: 'free' });
    const by = (...filter: unknown[]): Promise<unknown> => users({ filters: [filter] });
    expect(await by('is', 'trait:plan', ['pro'])).toBe(1);
    expect(await by('is', 'trait:plan', ['free'])).toBe(1);
    expect(await by('is_not', 'trait:plan', ['pro'])).toBe(2);
    expect(await by('is', 'trait:age', [30])).toBe(1);
    expect(await by('is', 'trait:age', ['30'])).toBe(0);
    expect(await by('exists', 'trait:plan')).toBe(2);
    expect(await by('exists', 'trait:gone')).toBe(0);
    expect(await by('is', 'trait:plan', [null])).toBe(1);
    expect(await by('not', ['exists', 'trait:plan'])).toBe(1);
    expect(await by('contains', 'trait:tags', ['x'])).toBe(1);
    expect(await by('matches', 'trait:plan', ['fr*'])).toBe(1);
    expect(
      await by('or', [
        ['is', 'trait:plan', 'pro'],
        ['is', 'event', 'nothing'],
      ]),
    ).toBe(1);
    const filters = [['is', 'trait:plan', 'pro']];
    expect(await figures({ metrics: ['events', 'unique_users'], filters })).toEqual([[6, 1]]);
    const daily = { metrics: ['unique_users', 'new_users'], dimensions: ['time:day'], filters };
    expect((await figures(daily)).map((row) => row.slice(1))).toEqual([
      [1, 1],
      [1, 0],
      [1, 0],
    ]);
  });

  it('tells people apart by a trait, with and without others', async () => {
    const metrics = ['unique_users', 'new_users'];
    const dimensions = ['trait:plan'];
    const order = { order_by: ['trait:plan'] };
    expect(await figures({ metrics, dimensions, ...order })).toEqual([
      ['free', 1, 1],
      ['pro', 1, 1],
      [null, 1, 1],
    ]);
    expect(
      await figures({
        metrics: ['unique_users'],
        dimensions: ['trait:age'],
        order_by: ['trait:age'],
      }),
    ).toEqual([
      [30, 1],
      [40, 1],
      [null, 1],
    ]);
    const hidden = { metrics: ['events', 'unique_users'], dimensions, ...order };
    expect(await figures(hidden)).toEqual([
      ['free', 1, 1],
      ['pro', 6, 1],
      [null, 2, 1],
    ]);
    const several = {
      metrics,
      dimensions: ['event', 'trait:plan'],
      order_by: ['event', 'trait:plan'],
    };
    expect(await figures(several)).toEqual([
      ['click', 'free', 1, 1],
      ['click', 'pro', 1, 1],
      ['click', null, 1, 1],
      ['impression', 'pro', 1, 1],
    ]);
    const daily = {
      metrics,
      dimensions: ['time:day', 'trait:plan'],
      order_by: ['time', 'trait:plan'],
    };
    expect((await figures(daily)).map((row) => row.slice(1))).toEqual([
      ['free', 0, 0],
      ['pro', 1, 1],
      [null, 0, 0],
      ['free', 1, 1],
      ['pro', 1, 0],
      [null, 1, 1],
      ['free', 0, 0],
      ['pro', 1, 0],
      [null, 0, 0],
    ]);
  });

  it('sees the traits that change', async () => {
    await analyst.setTraits('bob', { plan: 'pro' });
    expect(await users({ filters: [['is', 'trait:plan', 'pro']] })).toBe(2);
  });
});

describe('more names than a source rolls up', () => {
  let analyst: Analyst;
  const range = { date_range: ['2026-03-01', '2026-03-02'] };
  beforeAll(async () => {
    analyst = await Analyst.start();
    const names = Array.from({ length: 1_003 }, (_, index) => ({
      time: `2026-03-01T10:00:00.${String(index % 1000).padStart(3, '0')}Z`,
      user: `u${index % 10}`,
      event: `name-${index}`,
    }));
    await analyst.record(names.slice(0, 1_000));
    await analyst.fold();
    await analyst.record(names.slice(1_000));
    await analyst.fold();
    // Not past its limit there.
    await analyst.record([{ ...names[1_001]!, source: 'shop' }]);
  });
  afterAll(() => analyst.stop());

  it('keeps each name countable, and tells those past the limit together', async () => {
    const metrics = ['events', 'unique_users', 'count(name-1001)', 'count(name-7)'];
    expect(await analyst.rows({ metrics, ...range })).toEqual([[1_004, 10, 2, 1]]);
    const filters = [['is', 'event', ['name-1001', 'name-1002', 'name-3']]];
    expect(await analyst.rows({ metrics, ...range, filters })).toEqual([[4, 3, 2, 0]]);
    const others = [['is', 'event', ['name-1000', 'name-1001', 'name-1002']]];
    expect(await analyst.rows({ metrics, ...range, filters: others })).toEqual([[4, 3, 2, 0]]);
    const named = { dimensions: ['event'], order_by: ['event'], metrics: ['events'], ...range };
    expect(await analyst.rows({ ...named, filters: others })).toEqual([
      ['name-1000', 1],
      ['name-1001', 2],
      ['name-1002', 1],
    ]);
    const all = await analyst.rows({ ...named, dimensions: ['event', 'source'], limit: 2 });
    expect(all).toEqual([
      ['(other)', 'default', 3],
      ['name-0', 'default', 1],
    ]);
    expect((await analyst.ask({ ...named })).totals).toEqual({ events: 1_004 });
    expect(await analyst.rows({ ...named, metrics: ['clicks', 'events'], limit: 1 })).toEqual([
      ['(other)', 0, 3],
    ]);
  });
});
