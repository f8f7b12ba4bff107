import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { RefusedQueryError } from '../src/query/engine/refusals.js';
import { parseQuery } from '../src/query/language/parse-query.js';
import type { Query, Range } from '../src/query/language/query.js';
import { createDatabase, type TestDatabase } from './support/database.js';
import { answerByModel } from './support/model/answer-model.js';
import { actions, FIRST_DAY, type Action } from './support/model/arbitraries.js';
import { EventsModel, isNobodys } from './support/model/events-model.js';
import { ModelDatabase } from './support/model/model-database.js';
import { inSoak } from './support/soak.js';

const RUNS = inSoak(1_500, 100);
const LENGTH = inSoak(150, 60);
const MINUTE_MS = 60_000;

describe('every answer', () => {
  let database: TestDatabase;
  let real: ModelDatabase;
  let asked = 0;
  let refused = 0;
  let ofNobody = 0;
  let ofBots = 0;

  beforeAll(async () => {
    database = await createDatabase();
    real = await ModelDatabase.open(database.url);
  });
  afterAll(async () => {
    await real.close();
    await database.drop();
  });

  it(
    "equals a naive model's, whatever was done before",
    async () => {
      await fc.assert(
        fc.asyncProperty(actions(LENGTH), async (sequence) => {
          await real.reset();
          const model = new EventsModel();
          for (const action of sequence) await perform(action, model);
        }),
        { numRuns: RUNS },
      );
      // The model itself has to be asked enough to prove anything.
      expect(asked).toBeGreaterThan(RUNS * 10);
      expect(refused).toBeLessThan(asked / 3);
      expect(ofNobody).toBeGreaterThan(asked / 10);
      expect(ofBots).toBeGreaterThan(asked / 20);
    },
    inSoak(60 * 60_000, 240_000),
  );

  async function perform(action: Action, model: EventsModel): Promise<void> {
    switch (action.do) {
      case 'insert':
        await insert(
          action.events.filter((event) => model.isRaw(event)),
          model,
        );
        return;
      case 'repeat':
        await insert(
          [...model.events.values()].filter((event) => model.isRaw(event)),
          model,
        );
        return;
      case 'storm':
        await storm(action.batches, model);
        return;
      case 'fold':
        return real.fold();
      case 'remove':
        model.remove(({ user }) => user === action.user);
        return real.remove(action.user);
      case 'erase':
        model.erase(action.user);
        return real.erase(action.user);
      case 'rename':
        await rename(action.from, action.to, model);
        return;
      case 'merge':
        model.merges.set(action.anonymous, action.known);
        return real.merge(action.anonymous, action.known);
      case 'unmerge':
        model.merges.delete(action.anonymous);
        return real.unmerge(action.anonymous);
      case 'traits':
        model.traits.set(action.user, action.traits);
        return real.setTraits(action.user, action.traits);
      case 'rebuild':
        return real.rebuild(FIRST_DAY / MINUTE_MS + action.day * 1_440);
      case 'horizon': {
        const minute = FIRST_DAY / MINUTE_MS - 500 + action.minutes;
        model.moveHorizon(minute * MINUTE_MS, action.source);
        return real.moveHorizon(minute, action.source, action.isRemoved);
      }
      case 'ask':
        await compare(parseQuery(action.query), model);
    }
  }

  type Events = Parameters<typeof real.insert>[0];

  async function insert(events: Events, model: EventsModel): Promise<void> {
    for (const event of events) model.insert(event);
    if (events.length > 0) await real.insert(events);
  }

  /** What is asked in the middle of it sees some of it, and each event wholly or not at all. */
  async function storm(batches: Events[], model: EventsModel): Promise<void> {
    const allowed = batches.map((batch) => batch.filter((event) => model.isRaw(event)));
    const query = parseQuery({
      metrics: ['events', 'unique_users'],
      date_range: 'all',
      dimensions: ['event', 'source'],
      bots: 'include',
    });
    const before = model.events.size;
    const nobodyBefore = countNobodys(model);
    const answer = await real.storm(
      allowed.map((batch) => [...batch]),
      query,
    );
    for (const batch of allowed) for (const event of batch) model.insert(event);
    const events = answer.totals['events'] as number;
    expect(events).toBeGreaterThanOrEqual(before);
    expect(events).toBeLessThanOrEqual(model.events.size);
    const { anonymous_events: nobodys } = answer.meta as { anonymous_events: number };
    expect(nobodys).toBeGreaterThanOrEqual(nobodyBefore);
    expect(nobodys).toBeLessThanOrEqual(countNobodys(model));
    expect(answer.results.reduce((sum, row) => sum + (row['events'] as number), 0)).toBe(events);
  }

  async function rename(from: string, to: string, model: EventsModel): Promise<void> {
    if (!(await real.hasName(to))) return;
    for (const event of model.events.values()) {
      if (event.name === from && model.isRaw(event)) event.name = to;
    }
    await real.rename(from, to);
  }

  async function compare(query: Query, model: EventsModel): Promise<void> {
    asked += 1;
    const range = query.dateRange as Range;
    try {
      const answer = await real.ask(query);
      const expected = answerByModel(model, query, range);
      expect(answer.totals).toEqual(expected.totals);
      expect(answer.meta).toMatchObject({ anonymous_events: expected.anonymousEvents });
      if (expected.anonymousEvents > 0) ofNobody += 1;
      const { bot_events: bots } = answer.meta as { bot_events: number };
      expect(expected.botEvents).toContain(bots);
      if (bots > 0) ofBots += 1;
      expect(sorted(answer.results)).toEqual(sorted(expected.results));
    } catch (error) {
      if (!(error instanceof RefusedQueryError)) throw error;
      refused += 1;
      expect(mayBeRefused(query, range, model)).toBe(true);
    }
  }
});

function countNobodys({ events }: EventsModel): number {
  return [...events.values()].filter(isNobodys).length;
}

/** Rows come in an order of their own, which has tests of its own. */
function sorted(rows: Record<string, unknown>[]): string[] {
  return rows.map((row) => JSON.stringify(row)).toSorted();
}

/** Which one a filter leaves, where one leaves one only. */
function soleSource({ filters }: Query): string | undefined {
  for (const filter of filters) {
    const isOfSource = filter.test === 'is' && filter.field.of === 'source';
    if (isOfSource && filter.values.length === 1) return String(filter.values[0]);
  }
  return undefined;
}

/** Only what needs raw events that are gone. */
function mayBeRefused(query: Query, { from, to }: Range, model: EventsModel): boolean {
  const horizon = model.horizonOf(soleSource(query));
  if (horizon === Number.NEGATIVE_INFINITY) return false;
  const looksAt = JSON.stringify([query.dimensions, query.filters]);
  const isRaw = /"(property|trait)"/.test(looksAt) || looksAt.includes('"or"');
  if (isRaw) return true;
  const isFine = (ms: number): boolean => ms % MINUTE_MS === 0 || ms >= horizon;
  return !isFine(from) || !isFine(to) || query.timezone === 'Australia/Lord_Howe';
}
