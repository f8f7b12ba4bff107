import type { ClientBase } from 'pg';
import type { RollupNames } from '../../rollup/rollup-names.js';
import { fieldDimensions, timeDimension, type Query, type Range } from '../language/query.js';
import { estimateBuckets, timeBuckets, type TimeBuckets } from '../time/time-buckets.js';
import {
  isForRollups,
  isOfUsersAlone,
  scopesOf,
  sortFilters,
  type SortedFilters,
} from './classify.js';
import {
  PeopleCount,
  type FigureRow,
  type PeopleByBucket,
  type PeopleRules,
} from './count-people.js';
import { countersOf, needsHistory, needsUsers, type RowFigures } from './metrics.js';
import { readNameSets, readSources, RolledUpNames } from './names.js';
import type { People } from './people.js';
import type { Collected, Plan } from './plan.js';
import { RawStrategy } from './raw-strategy.js';
import { expectRollups, expectWithin, type QueryLimits } from './refusals.js';
import { RollupReader } from './rollup-reader.js';
import { RollupStrategy } from './rollup-strategy.js';
import type { SetCache } from './set-cache.js';
import type { Snapshot } from './snapshot.js';
import { readPeople, readTrait } from './traits.js';

/** What a process keeps from one query to the next, and what each may cost. */
export interface EngineState {
  cache: SetCache;
  limits: QueryLimits;
  /** Who is whom, as a snapshot sees it. */
  people(client: ClientBase, snapshot: Snapshot): Promise<People>;
  /** Which names are rolled up by themselves, as a snapshot sees it. */
  names(client: ClientBase, snapshot: Snapshot): Promise<RollupNames>;
}

/** What is asked of a range: a query without its range and the form of its answer. */
export type RangeQuery = Pick<
  Query,
  'metrics' | 'timezone' | 'dimensions' | 'filters' | 'includeBots'
>;

/** The figures of one range. */
export interface RangeFigures {
  range: Range;
  buckets: TimeBuckets;
  rows: FigureRow[];
  totals: RowFigures;
  /** How many of all events that were counted are nobody's. */
  anonymousEvents: number;
  /** How many were left out because they are those of bots. */
  botEvents: number;
}

/** How an answer was come by. */
export interface Effort {
  buckets: number;
  deltas: number;
  rawRows: number;
}

/** Answers for any number of ranges, all within one snapshot. */
export class RangeRun {
  private readonly reader: RollupReader;
  private readonly raw: RawStrategy;
  private readonly rollups: RollupStrategy;

  private constructor(
    private readonly client: ClientBase,
    private readonly snapshot: Snapshot,
    private readonly state: EngineState,
    private readonly query: RangeQuery,
    private readonly context: RunContext,
  ) {
    const { cache, limits } = state;
    this.reader = new RollupReader(client, cache);
    this.raw = new RawStrategy(client, snapshot, limits);
    this.rollups = new RollupStrategy(client, this.reader, snapshot, context.names, limits);
  }

  static async prepare(
    client: ClientBase,
    snapshot: Snapshot,
    state: EngineState,
    query: RangeQuery,
  ): Promise<RangeRun> {
    const filters = sortFilters(query.filters);
    const counters = await readNameSets(client, countersOf(query.metrics, filters.name));
    const sources = await readSources(client, filters.source);
    const names = new RolledUpNames(await state.names(client, snapshot));
    const canTell = counters.every((counter) => names.canTell(counter.names, sources));
    const usesRollups = canTell && isForRollups(query, filters);
    const people = await state.people(client, snapshot);
    const context = { filters, counters, sources, names, usesRollups, people };
    return new RangeRun(client, snapshot, state, query, context);
  }

  get effort(): Effort {
    const { buckets, deltas, rawRows } = this.reader.counts;
    return { buckets, deltas, rawRows: rawRows + this.raw.rawRows };
  }

  /** @throws RefusedQueryError */
  async figures(range: Range): Promise<RangeFigures> {
    const buckets = this.buckets(range);
    const plan = this.plan(range, buckets.starts);
    if (range.from >= range.to) return { range, buckets, ...nothing(plan) };
    const { count, collected } = await this.collect(plan);
    const rows = this.withPeople(await count.rows(collected));
    const totals = await count.total(collected);
    return {
      range,
      buckets,
      rows,
      totals,
      anonymousEvents: this.anonymousEvents(collected),
      botEvents: collected.botEventsLeftOut,
    };
  }

  /**
   * The people themselves, of each bucket of time and of all time before; where the query's only
   * dimension is time.
   *
   * @throws RefusedQueryError
   */
  async people(
    range: Range,
  ): Promise<PeopleByBucket & { buckets: TimeBuckets; botEvents: number }> {
    const buckets = this.buckets(range);
    const plan = { ...this.plan(range, buckets.starts), needsUsers: true };
    const { count, collected } = await this.collect(plan, true);
    const people = await count.byBucket(collected, buckets.starts.length);
    return { buckets, ...people, botEvents: collected.botEventsLeftOut };
  }

  private buckets(range: Range): TimeBuckets {
    const { dimensions, timezone } = this.query;
    const unit = timeDimension(dimensions);
    if (!unit) return { starts: [range.from], labels: [] };
    expectWithin('result_rows', estimateBuckets(range, unit), this.state.limits.maxResultRows);
    return timeBuckets(range, unit, timezone);
  }

  /** Where only people are counted, by traits, a row of none is none: rollups wouldn't know of it. */
  private withPeople(rows: FigureRow[]): FigureRow[] {
    const { dimensions } = this.query;
    const byTrait = fieldDimensions(dimensions).some(({ field }) => field.of === 'trait');
    const looksAtTraits = byTrait || this.filtersByTrait;
    if (!looksAtTraits || !isOfUsersAlone(this.query)) return rows;
    return rows.filter(({ users }) => users > 0);
  }

  /** Nor is an event of nobody any of those that are asked for, where filters choose people. */
  private anonymousEvents({ total }: Collected): number {
    return this.filtersByTrait && isOfUsersAlone(this.query) ? 0 : total.nobody;
  }

  private get filtersByTrait(): boolean {
    return this.query.filters.some((filter) => scopesOf(filter).has('trait'));
  }

  private plan(range: Range, starts: readonly number[]): Plan {
    const { query } = this;
    const { filters, counters, sources, usesRollups } = this.context;
    const fields = fieldDimensions(query.dimensions);
    const byTrait = fields.some(({ field }) => field.of === 'trait');
    return {
      range,
      starts,
      fields,
      filters,
      counters,
      sources,
      includeBots: query.includeBots,
      needsUsers: needsUsers(query.metrics) || (usesRollups && byTrait),
      needsHistory: needsHistory(query.metrics),
    };
  }

  private async rules(): Promise<PeopleRules> {
    const { people, filters, usesRollups } = this.context;
    if (!usesRollups) return { people, filter: undefined, trait: undefined };
    const fields = fieldDimensions(this.query.dimensions);
    const place = fields.findIndex(({ field }) => field.of === 'trait');
    const field = fields[place]?.field;
    return {
      people,
      filter: await readPeople(this.client, filters.trait),
      trait:
        field?.of === 'trait'
          ? { place, values: await readTrait(this.client, field.name) }
          : undefined,
    };
  }

  private async collect(
    plan: Plan,
    needsPeople = false,
  ): Promise<{ count: PeopleCount; collected: Collected }> {
    // Nobody knows any more who had an event before rollups begin.
    const first = plan.needsHistory ? Number.NEGATIVE_INFINITY : plan.range.from;
    expectRollups(first, this.snapshot.rollupsFromMs);
    const rules = await this.rules();
    const collected = this.context.usesRollups
      ? await this.rollups.collect(plan, { allSets: needsPeople || !isCountedByRow(plan, rules) })
      : await this.raw.collect(plan, await this.estimate(plan.range, plan.needsHistory));
    expectWithin('result_rows', collected.groups.length, this.state.limits.maxResultRows);
    return { count: new PeopleCount(plan, rules), collected };
  }

  /** How many events are read for a range, whatever filters leave of them: there's no index but time. */
  async estimate(range: Range, withHistory = false): Promise<number> {
    const from = withHistory ? Math.min(range.from, this.snapshot.firstMs) : range.from;
    return await this.rollups.countEvents(this.plan(range, [range.from]), { from, to: range.to });
  }
}

/** Whether a row's number of users is that of people. */
function isCountedByRow(plan: Plan, { people, filter, trait }: PeopleRules): boolean {
  return people.isTrivial && !filter && !trait && !plan.needsHistory;
}

interface RunContext {
  filters: SortedFilters;
  counters: Plan['counters'];
  sources: readonly number[] | undefined;
  names: RolledUpNames;
  usesRollups: boolean;
  people: People;
}

function nothing({
  counters,
}: Plan): Pick<RangeFigures, 'rows' | 'totals' | 'anonymousEvents' | 'botEvents'> {
  const counts = Object.fromEntries(counters.map(({ key }) => [key, 0]));
  return { rows: [], totals: { counts, users: 0, newUsers: 0 }, anonymousEvents: 0, botEvents: 0 };
}
