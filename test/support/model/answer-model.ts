import {
  fieldDimensions,
  fieldsOf,
  timeDimension,
  type Filter,
  type Query,
  type Range,
} from '../../../src/query/language/query.js';
import { timeBuckets } from '../../../src/query/time/time-buckets.js';
import { isNobodys, type EventsModel, type ModelEvent } from './events-model.js';

export interface ModelAnswer {
  results: Record<string, unknown>[];
  totals: Record<string, unknown>;
  anonymousEvents: number;
  /** Of bots that were left out; and how many of them there are whatever filters on traits say. */
  botEvents: [number, number];
}

/** A part of the events, and when it begins. */
interface Part {
  from: number;
  events: ModelEvent[];
  /** Whether any event is of this part, but for its time. */
  isOf: (event: ModelEvent) => boolean;
}

/** Answers a query by looking at every event. */
export function answerByModel(model: EventsModel, query: Query, range: Range): ModelAnswer {
  const counted = [...model.events.values()].filter(
    (event) =>
      (query.includeBots || !event.bot) &&
      query.filters.every((filter) => model.passes(event, filter)),
  );
  const within = counted.filter(({ time }) => time >= range.from && time < range.to);
  const figures = (part: Part): Record<string, unknown> => metrics(model, query, part, counted);
  const total = figures({ from: range.from, events: within, isOf: () => true });
  return {
    results: query.dimensions.length === 0 ? [total] : rows(model, query, range, within, figures),
    totals: total,
    anonymousEvents: anonymousEvents(query, within),
    botEvents: botEvents(model, query, range),
  };
}

function botEvents(model: EventsModel, query: Query, { from, to }: Range): [number, number] {
  const ofRange = [...model.events.values()].filter(({ time }) => time >= from && time < to);
  const bots = ofRange.filter(({ bot }) => bot && !query.includeBots);
  const passing = (filters: readonly Filter[]): number =>
    bots.filter((event) => filters.every((filter) => model.passes(event, filter))).length;
  const all = query.filters.flatMap(conjuncts);
  return [passing(all), passing(all.filter((filter) => !isOfTraits(filter)))];
}

function conjuncts(filter: Filter): Filter[] {
  return filter.test === 'and' ? filter.filters.flatMap(conjuncts) : [filter];
}

function isOfTraits(filter: Filter): boolean {
  return fieldsOf(filter).every(({ of }) => of === 'trait');
}

function anonymousEvents(query: Query, within: readonly ModelEvent[]): number {
  if (isOfUsersAlone(query) && looksAtTrait(query.filters)) return 0;
  return within.filter(isNobodys).length;
}

function isOfUsersAlone({ metrics: asked }: Query): boolean {
  return asked.every(({ key }) => key === 'unique_users' || key === 'new_users');
}

function looksAtTrait(what: unknown): boolean {
  return JSON.stringify(what).includes('"of":"trait"');
}

function rows(
  model: EventsModel,
  query: Query,
  range: Range,
  within: readonly ModelEvent[],
  figures: (part: Part) => Record<string, unknown>,
): Record<string, unknown>[] {
  const unit = timeDimension(query.dimensions);
  const { starts, labels } = unit
    ? timeBuckets(range, unit, query.timezone)
    : { starts: [range.from], labels: [''] };
  const fields = fieldDimensions(query.dimensions);
  const valuesOf = (event: ModelEvent): unknown[] =>
    fields.map(({ field }) => model.valueOf(event, field) ?? null);
  const everyValues = new Map(
    within.map((event) => [JSON.stringify(valuesOf(event)), valuesOf(event)]),
  );
  if (fields.length === 0) everyValues.set('[]', []);
  const isFilled = query.fill && unit !== undefined;
  const users = (part: ModelEvent[]): number =>
    new Set(part.map((event) => model.personOf(event)).filter((person) => person !== null)).size;
  const ofPeople = looksAtTrait([fields, query.filters]) && isOfUsersAlone(query);
  const results: Record<string, unknown>[] = [];
  for (const [key, values] of everyValues) {
    const isOf = (event: ModelEvent): boolean => JSON.stringify(valuesOf(event)) === key;
    const own = starts.map((start, index) => {
      const end = starts[index + 1] ?? Number.POSITIVE_INFINITY;
      return within.filter((event) => isOf(event) && event.time >= start && event.time < end);
    });
    const isThere = (events: ModelEvent[]): boolean =>
      ofPeople ? users(events) > 0 : events.length > 0;
    if (!own.some(isThere) && fields.length > 0) continue;
    for (const [index, events] of own.entries()) {
      if (!isFilled && !isThere(events)) continue;
      results.push({
        ...(unit && { time: labels[index] }),
        ...Object.fromEntries(fields.map((field, place) => [field.key, values[place]])),
        ...figures({ from: Math.max(starts[index]!, range.from), events, isOf }),
      });
    }
  }
  return results;
}

function metrics(
  model: EventsModel,
  query: Query,
  { from, events, isOf }: Part,
  counted: readonly ModelEvent[],
): Record<string, unknown> {
  const people = (some: readonly ModelEvent[]): Set<string | null> =>
    new Set(some.map((event) => model.personOf(event)).filter((person) => person !== null));
  const named = (name: string): number => events.filter((event) => event.name === name).length;
  const users = people(events);
  const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);
  const before = (): Set<string | null> =>
    people(counted.filter((event) => isOf(event) && event.time < from));
  const values = query.metrics.map((metric): [string, unknown] => {
    if ('count' in metric) return [metric.key, named(metric.count)];
    switch (metric.key) {
      case 'unique_users':
        return [metric.key, users.size];
      case 'events':
        return [metric.key, events.length];
      case 'clicks':
        return [metric.key, named('click')];
      case 'impressions':
        return [metric.key, named('impression')];
      case 'ctr':
        return [metric.key, ratio(named('click'), named('impression'))];
      case 'events_per_user':
        return [metric.key, ratio(events.length, users.size)];
      default:
        return [metric.key, [...users].filter((user) => !before().has(user)).length];
    }
  });
  return Object.fromEntries(values);
}
