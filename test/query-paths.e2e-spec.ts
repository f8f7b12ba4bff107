import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { Client } from 'pg';
import { fold } from '../src/rollup/fold.js';
import { KnownState } from '../src/query/engine/known-state.js';
import { runFunnel } from '../src/query/engine/run-funnel.js';
import { runRetention } from '../src/query/engine/run-retention.js';
import { inSnapshot } from '../src/query/engine/snapshot.js';
import { parseFunnel } from '../src/query/language/parse-funnel.js';
import { parseRetention } from '../src/query/language/parse-retention.js';
import { QueryOptions } from '../src/query/query-threads.js';
import { record, type Recorded } from './support/analyst.js';
import { createDatabase, type TestDatabase } from './support/database.js';
import { naiveFunnel, naiveRetention, type Happening } from './support/naive-paths.js';

const RUNS = 200;
const START = Date.parse('2026-03-27T00:00:00Z');
const DAYS = 6;
const USERS = ['a', 'b', 'c', 'd'] as const;
const NAMES = ['click', 'view', 'buy'] as const;

/** Some events of few people in few moments, so that there are ties. */
const happenings = fc.array(
  fc.record({
    // Hours, and some milliseconds.
    ms: fc.oneof(
      fc.integer({ min: 0, max: 24 * DAYS }).map((hour) => hour * 3_600_000),
      fc.integer({ min: 0, max: 3_000 }),
    ),
    user: fc.option(fc.constantFrom(...USERS), { nil: undefined }),
    name: fc.constantFrom(...NAMES),
    isPro: fc.boolean(),
  }),
  { maxLength: 25 },
);
const range = fc
  .tuple(fc.integer({ min: 0, max: DAYS }), fc.integer({ min: 1, max: DAYS }))
  .map(([from, length]) => ({
    from: START + from * 86_400_000,
    to: START + (from + length) * 86_400_000 + 1_500,
  }));

describe('funnels and retention as one would reckon them by hand', () => {
  let database: TestDatabase;
  let client: Client;
  const state = new KnownState(new QueryOptions(), 1_000_000);

  beforeAll(async () => {
    database = await createDatabase();
    client = new Client(database.url);
    await client.connect();
    // d belongs to a.
    await record(
      client,
      USERS.map((user): Recorded => ({
        time: '2026-01-01T00:00:00Z',
        user,
        kind: user === 'd' ? 'anonymous' : 'known',
      })),
    );
    await client.query(
      `INSERT INTO merges (anonymous_seq, known_seq, merged_by)
       SELECT d.seq, a.seq, 'test' FROM users AS d, users AS a WHERE d.id = 'd' AND a.id = 'a'`,
    );
  });
  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  /** What happened as stored, and as the models take it. */
  async function store(
    given: readonly { ms: number; user: string | undefined; name: string; isPro: boolean }[],
    isFolded: boolean,
  ): Promise<Happening[]> {
    await client.query('TRUNCATE events');
    const events = given.map(({ ms, user, name, isPro }): Recorded => ({
      time: new Date(START + ms).toISOString(),
      event: name,
      ...(user !== undefined && { user }),
      kind: user === 'd' ? 'anonymous' : 'known',
      properties: { isPro },
    }));
    await record(client, events);
    if (isFolded) await fold(client);
    return given.map(({ ms, user, name, isPro }) => ({
      time: START + ms,
      person: user === 'd' ? 'a' : user,
      name,
      isPro,
    }));
  }

  it('funnels', async () => {
    const step = fc.record({
      event: fc.constantFrom(...NAMES, undefined),
      isPro: fc.constantFrom(true, undefined),
    });
    await fc.assert(
      fc.asyncProperty(
        happenings,
        fc.array(step, { minLength: 2, maxLength: 4 }),
        fc.integer({ min: 1, max: 50 }),
        range,
        fc.boolean(),
        async (given, steps, hours, { from, to }, isFiltered) => {
          const events = await store(given, false);
          const query = parseFunnel({
            steps: steps.map(({ event, isPro }) => ({
              ...(event !== undefined && { event }),
              filters: isPro
                ? [['is', 'property:isPro', true]]
                : event === undefined
                  ? [['exists', 'event']]
                  : [],
            })),
            within: `${hours}h`,
            date_range: [from, to],
            filters: isFiltered ? [['is_not', 'event', 'view']] : [],
          });
          const { results, totals } = await inSnapshot(client, 10_000, (snapshot) =>
            runFunnel(client, snapshot, state, query, START),
          );
          const expected = naiveFunnel(
            events.filter(
              ({ time, name }) => time >= from && time < to && !(isFiltered && name === 'view'),
            ),
            steps.map(
              ({ event, isPro }) =>
                (one) =>
                  (event === undefined || one.name === event) && (!isPro || one.isPro),
            ),
            hours * 3_600_000,
          );
          expect(results.map(({ users, median_seconds }) => [users, median_seconds])).toEqual(
            expected,
          );
          expect(totals).toMatchObject({ users: expected[0]![0], converted: expected.at(-1)![0] });
        },
      ),
      { numRuns: RUNS },
    );
  }, 120_000);

  it('retention', async () => {
    const kind = fc.constantFrom('first_seen', 'first_event', 'own');
    await fc.assert(
      fc.asyncProperty(
        happenings,
        kind,
        range,
        fc.boolean(),
        fc.constantFrom('UTC', 'Europe/Berlin'),
        fc.constantFrom(undefined, 'event', 'property'),
        async (given, cohort, { from, to }, isFolded, timezone, filter) => {
          const events = await store(given, isFolded);
          const filters =
            filter === 'event'
              ? [['is', 'event', ['click', 'buy']]]
              : filter === 'property'
                ? [['is', 'property:isPro', true]]
                : [];
          const query = parseRetention({
            cohort: cohort === 'first_seen' ? 'first_seen' : 'first_event',
            ...(cohort === 'own' && { cohort_filters: [['is', 'event', 'view']] }),
            period: 'day',
            date_range: [from, to],
            timezone,
            filters,
          });
          const { results } = await inSnapshot(client, 10_000, (snapshot) =>
            runRetention(client, snapshot, state, query, START),
          );
          const returns = (one: Happening): boolean =>
            filter === 'event' ? one.name !== 'view' : filter !== 'property' || one.isPro;
          const joins =
            cohort === 'first_seen'
              ? () => true
              : cohort === 'own'
                ? (one: Happening) => one.name === 'view'
                : returns;
          const expected = naiveRetention(
            events,
            { from, to },
            results.map((row) => Date.parse(row.cohort)),
            joins,
            returns,
          );
          expect(results.map(({ size, retained }) => [size, retained])).toEqual(expected);
        },
      ),
      { numRuns: RUNS },
    );
  }, 120_000);

  it('takes a way that begins later, and steps of one moment never one after the other', async () => {
    const at = (ms: number, name: string, user = 'b') => ({ ms, user, name, isPro: true });
    await store(
      [
        at(0, 'click'),
        at(40, 'click'),
        at(60, 'view'),
        at(90, 'buy'),
        at(0, 'click', 'c'),
        at(0, 'view', 'c'),
        at(5, 'buy', 'c'),
      ],
      false,
    );
    const query = parseFunnel({
      steps: ['click', 'view', 'buy'].map((event) => ({ event })),
      within: '1s',
      date_range: 'all',
    });
    const answer = await inSnapshot(client, 10_000, (snapshot) =>
      runFunnel(client, snapshot, state, query, START),
    );
    expect(answer.results).toEqual([
      { step: 1, event: 'click', users: 2, conversion: 1, step_conversion: 1, median_seconds: 0 },
      {
        step: 2,
        event: 'view',
        users: 1,
        conversion: 0.5,
        step_conversion: 0.5,
        median_seconds: 0.02,
      },
      {
        step: 3,
        event: 'buy',
        users: 1,
        conversion: 0.5,
        step_conversion: 1,
        median_seconds: 0.05,
      },
    ]);
    expect(answer.totals).toEqual({ users: 2, converted: 1, conversion: 0.5 });
  });
});
