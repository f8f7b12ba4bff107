import * as fc from 'fast-check';
import { ANONYMOUS, type ModelEvent } from './events-model.js';

const DAY_MS = 86_400_000;
/** Berlin's clocks are put forward on the second day. */
export const FIRST_DAY = Date.parse('2026-03-28T00:00:00Z');
const DAYS = 4;

const USERS = ['a', 'b', 'c', 'd', 'e', 'f'];
const ANONYMOUS_USERS = ['x', 'y', 'z'].map((name) => ANONYMOUS + name);
const NAMES = ['click', 'impression', 'signup', 'it\'s %_\\ "so"'];
const SOURCES = ['default', 'app'];
const VALUES = ['pro', 'free', 'p%o_', 1, 2.5, true, null];
const PROPERTIES = ['plan', 'a\'b"c', '__proto__'];

/** On the edges of minutes, quarters, hours and days, and in between. */
const moment = fc
  .record({
    day: fc.nat(DAYS - 1),
    hour: fc.constantFrom(0, 1, 2, 12, 18, 22, 23),
    minute: fc.constantFrom(0, 1, 14, 15, 30, 59),
    ms: fc.constantFrom(0, 0, 0, 1, 500, 59_999),
    isLongAgo: fc.boolean(),
  })
  .map(({ day, hour, minute, ms, isLongAgo }) => {
    const time = FIRST_DAY + day * DAY_MS + (60 * hour + minute) * 60_000 + ms;
    return isLongAgo && day === 0 && hour === 12 ? time - 40 * DAY_MS : time;
  });

const properties = fc
  .array(fc.tuple(fc.constantFrom(...PROPERTIES), fc.constantFrom(...VALUES)), { maxLength: 2 })
  // Not by assignment, which would set a prototype.
  .map((entries) => Object.fromEntries(entries) as Record<string, unknown>);

const event: fc.Arbitrary<ModelEvent> = fc.record({
  time: moment,
  id: fc.uuid(),
  user: fc.constantFrom(...USERS, ...ANONYMOUS_USERS, null),
  name: fc.constantFrom(...NAMES, 'click', 'impression'),
  source: fc.constantFrom(...SOURCES),
  bot: fc.constantFrom(true, false, false, false),
  properties,
});

const batch = fc.array(event, { minLength: 1, maxLength: 12 });

export type Action =
  | { do: 'insert'; events: ModelEvent[] }
  | { do: 'repeat' }
  | { do: 'storm'; batches: ModelEvent[][] }
  | { do: 'fold' }
  | { do: 'remove'; user: string }
  | { do: 'erase'; user: string }
  | { do: 'rename'; from: string; to: string }
  | { do: 'merge'; anonymous: string; known: string }
  | { do: 'unmerge'; anonymous: string }
  | { do: 'traits'; user: string; traits: Record<string, unknown> }
  | { do: 'rebuild'; day: number }
  | { do: 'horizon'; minutes: number; source: string | undefined; isRemoved: boolean }
  | { do: 'ask'; query: object };

const timezone = fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Kathmandu', 'Australia/Lord_Howe');
const property = fc.constantFrom(...PROPERTIES).map((name) => `property:${name}`);
const trait = fc.constant('trait:plan');
const dimension = fc.oneof(fc.constantFrom('event', 'source', 'event', 'source'), property, trait);

const test = fc.oneof(
  fc.record({ field: fc.constant('event'), values: fc.subarray(NAMES, { minLength: 1 }) }),
  fc.record({ field: fc.constant('source'), values: fc.subarray(SOURCES, { minLength: 1 }) }),
  fc.record({ field: property, values: fc.subarray(VALUES, { minLength: 1 }) }),
  fc.record({ field: trait, values: fc.subarray(VALUES, { minLength: 1 }) }),
);
const simple = fc.oneof(
  fc
    .tuple(fc.constantFrom('is', 'is_not'), test)
    .map(([name, { field, values }]): unknown => [name, field, values]),
  test.map(({ field }): unknown => ['exists', field]),
  fc
    .tuple(
      fc.constantFrom('contains', 'matches'),
      test,
      fc.constantFrom('p', 'pro', '*o*', 'c?ick', '%'),
    )
    .map(([name, { field }, text]): unknown => [name, field, [text]]),
);
const filter = fc.oneof(
  { weight: 4, arbitrary: simple },
  { weight: 1, arbitrary: simple.map((inner): unknown => ['not', inner]) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('and', 'or'), fc.array(simple, { minLength: 1, maxLength: 2 }))
      .map((parts): unknown => parts),
  },
);

const EVERY_METRIC = ['unique_users', 'events', 'clicks', 'impressions', 'ctr', 'events_per_user'];
const metrics = fc.oneof(
  fc.constantFrom(['unique_users'], ['new_users'], ['unique_users', 'new_users']),
  fc.subarray([...EVERY_METRIC, 'new_users', 'count(signup)'], { minLength: 1 }),
);

const query = fc
  .record({
    metrics,
    bounds: fc.tuple(moment, moment).filter(([one, other]) => one !== other),
    timezone,
    unit: fc.constantFrom('hour', 'day', 'day', 'week', 'month', undefined, undefined),
    fields: fc.uniqueArray(dimension, { maxLength: 2 }),
    filters: fc.array(filter, { maxLength: 2 }),
    bots: fc.constantFrom('exclude', 'include'),
    fill: fc.boolean(),
  })
  .map(({ bounds, unit, fields, ...rest }): object => {
    const range = [Math.min(...bounds), Math.max(...bounds)].map((ms) =>
      new Date(ms).toISOString(),
    );
    const dimensions = [...(unit ? [`time:${unit}`] : []), ...fields];
    return Object.assign(rest, { date_range: range, dimensions, limit: 100_000 });
  });

const ask = query.map((asked): Action => ({ do: 'ask', query: asked }));
const change: fc.Arbitrary<Action> = fc.oneof(
  { weight: 8, arbitrary: batch.map((events): Action => ({ do: 'insert', events })) },
  { weight: 2, arbitrary: fc.constant<Action>({ do: 'repeat' }) },
  {
    weight: 2,
    arbitrary: fc
      .array(batch, { minLength: 2, maxLength: 3 })
      .map((batches): Action => ({ do: 'storm', batches })),
  },
  { weight: 6, arbitrary: fc.constant<Action>({ do: 'fold' }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...USERS).map((user): Action => ({ do: 'remove', user })),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...USERS).map((user): Action => ({ do: 'erase', user })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(...NAMES), fc.constantFrom(...NAMES))
      .map(([from, to]): Action => ({ do: 'rename', from, to })),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom(...ANONYMOUS_USERS), fc.constantFrom(...USERS))
      .map(([anonymous, known]): Action => ({ do: 'merge', anonymous, known })),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(...ANONYMOUS_USERS)
      .map((anonymous): Action => ({ do: 'unmerge', anonymous })),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom(...USERS, ...ANONYMOUS_USERS), fc.constantFrom(...VALUES))
      .map(([user, plan]): Action => ({ do: 'traits', user, traits: { plan } })),
  },
  { weight: 1, arbitrary: fc.nat(DAYS).map((day): Action => ({ do: 'rebuild', day })) },
  {
    weight: 1,
    arbitrary: fc
      .record({
        minutes: fc.nat(DAYS * 1_440),
        source: fc.constantFrom(undefined, ...SOURCES),
        isRemoved: fc.boolean(),
      })
      .map(({ minutes, source, isRemoved }): Action => ({
        do: 'horizon',
        minutes,
        source,
        isRemoved,
      })),
  },
);

/** Changes of any kind, in any order, and questions in between. */
export function actions(length: number): fc.Arbitrary<Action[]> {
  return fc.array(fc.oneof({ weight: 1, arbitrary: change }, { weight: 2, arbitrary: ask }), {
    minLength: 1,
    maxLength: length,
    size: 'max',
  });
}
