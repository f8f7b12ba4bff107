import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { moveHorizon } from '../src/rollup/horizon.js';
import { Analyst, type Recorded } from './support/analyst.js';

const DAY = ['2026-03-01T00:00:00Z', '2026-03-02T00:00:00Z'];
const at = (time: string): string => `2026-03-01T${time}Z`;
const id = (number: number): string =>
  `0190a1b2-0000-7000-8000-${String(number).padStart(12, '0')}`;

/** Of the day's five that count without bots three are nobody's. */
const EVENTS: Recorded[] = [
  { time: '2026-02-27T12:00:00Z' },
  { time: at('10:00:00.250'), id: id(1) },
  { time: at('10:00:00.750'), user: 'ada', id: id(2) },
  { time: at('10:00:30'), event: 'impression', source: 'app', properties: { plan: 'pro' } },
  { time: at('10:00:59.999'), bot: true },
  { time: at('10:20:00'), event: 'signup', source: 'app' },
  { time: at('11:00:00'), user: 'bob' },
  { time: '2026-03-02T00:00:00Z' },
];

describe.each([
  ['before folding', false],
  ['after folding', true],
])("nobody's events %s", (_, isFolded) => {
  let analyst: Analyst;
  beforeAll(async () => {
    analyst = await Analyst.start();
    await analyst.holdFolding(['2026-02-27', '2026-03-01', '2026-03-02']);
    await analyst.record(EVENTS);
    await analyst.setTraits('ada', { plan: 'pro' });
    if (isFolded) await analyst.fold();
  });
  afterAll(() => analyst.stop());

  /** How many there are in all, and how many of these are nobody's. */
  async function counted(query: object = {}): Promise<[unknown, unknown]> {
    const { totals, meta } = await analyst.ask({ metrics: ['events'], date_range: DAY, ...query });
    return [totals['events'], meta['anonymous_events']];
  }

  it.each<[string, object, [number, number]]>([
    ['of a day', {}, [5, 3]],
    ['of all time', { date_range: 'all', bots: 'include' }, [8, 6]],
    ['of bots as well', { bots: 'include' }, [6, 4]],
    ['of a name', { filters: [['is', 'event', ['click']]] }, [3, 1]],
    ['of other names', { filters: [['is_not', 'event', ['click']]] }, [2, 2]],
    ['of a source', { filters: [['is', 'source', ['app']]] }, [2, 2]],
    ['with a property', { filters: [['is', 'property:plan', ['pro']]] }, [1, 1]],
    ['without it', { filters: [['not', ['exists', 'property:plan']]] }, [4, 2]],
    ['whose person has a trait', { filters: [['is', 'trait:plan', ['pro']]] }, [1, 0]],
    ["whose person hasn't", { filters: [['is_not', 'trait:plan', ['pro']]] }, [4, 3]],
    ['in all rows', { dimensions: ['time:hour', 'event', 'source'] }, [5, 3]],
    ['in all rows by a property', { dimensions: ['property:plan'] }, [5, 3]],
    ['on all pages', { dimensions: ['event'], limit: 1 }, [5, 3]],
    ['with the users of all days before', { metrics: ['events', 'new_users'] }, [5, 3]],
    ['of the range, not of what it is compared with', { compare: 'previous_period' }, [5, 3]],
    ['of a second', { date_range: [at('10:00:00'), at('10:00:01')] }, [2, 1]],
    ['of a millisecond', { date_range: [at('10:00:00.250'), at('10:00:00.251')] }, [1, 1]],
    ['from one to the other', { date_range: [at('10:00:00.251'), at('10:20:00.001')] }, [3, 2]],
    ['where there is no event', { date_range: [at('10:00:01'), at('10:00:02')] }, [0, 0]],
    ['before there was one', { date_range: ['2020-01-01', '2020-02-01'] }, [0, 0]],
  ])('are told %s', async (__, query, expected) => {
    expect(await counted(query)).toEqual(expected);
  });

  it.each<[string, object, number]>([
    ['users', { metrics: ['unique_users'] }, 3],
    ['users by day', { metrics: ['unique_users'], dimensions: ['time:day', 'event'] }, 3],
    ['new users', { metrics: ['new_users'] }, 3],
    ['clicks', { metrics: ['clicks'] }, 3],
    ['users by trait', { metrics: ['unique_users'], dimensions: ['trait:plan'] }, 3],
    [
      'users with a trait',
      { metrics: ['unique_users'], filters: [['is', 'trait:plan', ['pro']]] },
      0,
    ],
    [
      'users without it',
      { metrics: ['unique_users'], filters: [['is_not', 'trait:plan', ['pro']]] },
      0,
    ],
    [
      'users without it, by raw events',
      {
        metrics: ['unique_users'],
        filters: [
          ['is_not', 'trait:plan', ['pro']],
          ['not', ['exists', 'property:missing']],
        ],
      },
      0,
    ],
  ])('are told where only %s are asked for', async (__, query, expected) => {
    expect((await counted(query))[1]).toBe(expected);
  });

  it('come with a query in a URL, too', async () => {
    const answer = await analyst.get(
      `query?metrics=events&date_range=${DAY.join(',')}&dimensions=source`,
    );
    expect(answer.meta).toMatchObject({ anonymous_events: 3 });
  });

  it('are each counted once, however late, and not once they are removed', async () => {
    await analyst.record(EVENTS.filter((event) => event.id !== undefined));
    expect(await counted()).toEqual([5, 3]);
    await analyst.record([{ time: at('10:00:10') }, { time: at('03:00:00') }]);
    expect(await counted()).toEqual([7, 5]);
    await analyst.client.query('DELETE FROM events WHERE time = $1', [at('10:00:10')]);
    expect(await counted()).toEqual([6, 4]);
    if (isFolded) await analyst.fold();
    expect(await counted()).toEqual([6, 4]);
    await analyst.client.query('DELETE FROM events WHERE time = $1', [at('03:00:00')]);
    expect(await counted()).toEqual([5, 3]);
  });

  it('are never those of a user who was merged', async () => {
    await analyst.record([{ time: at('12:00:00'), user: 'device', kind: 'anonymous' }]);
    expect(await counted()).toEqual([6, 3]);
    await analyst.merge('device', 'ada');
    const asked = { metrics: ['events', 'unique_users'], date_range: DAY };
    const { totals, meta } = await analyst.ask(asked);
    expect(totals).toEqual({ events: 6, unique_users: 2 });
    expect(meta).toMatchObject({ anonymous_events: 3 });
  });

  // The last one: the horizon never moves back.
  it('are told where there are no raw events any more', async () => {
    await analyst.fold();
    const end = Date.parse(at('10:30:00'));
    await moveHorizon(analyst.client, end / 60_000);
    await analyst.client.query('DELETE FROM events WHERE time < $1', [at('10:30:00')]);
    expect(await counted()).toEqual([6, 3]);
    expect(await counted({ dimensions: ['time:hour'] })).toEqual([6, 3]);
    expect(await counted({ date_range: [at('10:00:00'), at('10:01:00')] })).toEqual([3, 2]);
    expect(await counted({ filters: [['is', 'source', ['app']]] })).toEqual([2, 2]);
  });
});
