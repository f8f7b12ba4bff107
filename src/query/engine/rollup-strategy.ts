import type { ClientBase } from 'pg';
import { ALL_NAMES, MINUTE_MS, type Run } from '../../rollup/grains.js';
import type { Range } from '../language/query.js';
import { coverRange, mergeRuns, type Cover } from './cover.js';
import type { RolledUpNames } from './names.js';
import { bucketRanges, type Collected, type Group, type Plan } from './plan.js';
import { expectRaw, expectWithin, type QueryLimits } from './refusals.js';
import {
  HeadIndex,
  rangeKey,
  RollupGrouping,
  soleHead,
  toGroup,
  type Draft,
  type RollupData,
} from './rollup-groups.js';
import type { Leaf, RollupReader, Scope } from './rollup-reader.js';
import type { Snapshot } from './snapshot.js';
import { UsersLoader } from './users-loader.js';

/** Stands for names that a source has past its limit. */
const OTHER = '(other)';

interface Pass {
  ranges: readonly Range[];
  covers: readonly Cover[];
}

/** Whether sets of users can be counted by the rows they lie in. */
export interface Needs {
  /** People differ from users, or only some of them count. */
  allSets: boolean;
}

/** Collects by rollups, deltas that wait, and raw events finer than a minute. */
export class RollupStrategy {
  constructor(
    private readonly client: ClientBase,
    private readonly reader: RollupReader,
    private readonly snapshot: Snapshot,
    private readonly names: RolledUpNames,
    private readonly limits: QueryLimits,
  ) {}

  /** @throws RefusedQueryError where raw events are needed that are gone, or it's too much */
  async collect(plan: Plan, needs: Needs): Promise<Collected> {
    const rows = this.pass(bucketRanges(plan));
    const total = this.pass([plan.range]);
    const before = { from: this.snapshot.firstMs, to: plan.range.from };
    const history = this.pass(plan.needsHistory && before.from < before.to ? [before] : []);
    const passes = [rows, total, history];
    const data = await this.read(plan, passes);
    const whole = new RollupGrouping({ ...plan, fields: [] }, this.names);
    const [totalDraft] = whole.collect(total.ranges, total.covers, data);
    const all = (pass: Pass, fields: Plan['fields']): Draft[] =>
      new RollupGrouping({ ...plan, fields }, this.names).collect(pass.ranges, pass.covers, data);
    const [groups, historyGroups, [historyDraft]] = [
      all(rows, plan.fields),
      all(history, plan.fields),
      all(history, []),
    ];
    const totals = [totalDraft, historyDraft].filter((draft) => draft !== undefined);
    const needed = [...historyGroups, ...groups, ...totals].filter(
      (draft) => needs.allSets || soleHead(draft) === undefined,
    );
    const loader = new UsersLoader(this.reader, needed);
    const fieldsOf = await this.labels([...groups, ...historyGroups], plan);
    const finish = (draft: Draft): Group =>
      toGroup(draft, fieldsOf, (wanted) => loader.usersOf(wanted));
    return {
      groups: groups.map(finish),
      total: finish(totalDraft ?? emptyDraft(plan)),
      history: historyGroups.map(finish),
      historyTotal: plan.needsHistory ? finish(historyDraft ?? emptyDraft(plan)) : undefined,
      botEventsLeftOut: whole.botEventsLeftOut,
    };
  }

  /** How many events of any kind there are in a range, to the minute. */
  async countEvents(plan: Plan, { from, to }: Range): Promise<number> {
    const everything: Plan = {
      ...plan,
      counters: [{ key: 'events', names: 'all' }],
      fields: [],
      sources: undefined,
      includeBots: true,
      needsUsers: false,
    };
    const pass = this.pass([
      {
        from: Math.floor(from / MINUTE_MS) * MINUTE_MS,
        to: Math.ceil(to / MINUTE_MS) * MINUTE_MS,
      },
    ]);
    const data = await this.read(everything, [pass], true);
    const grouping = new RollupGrouping(everything, this.names);
    const [draft] = grouping.collect(pass.ranges, pass.covers, data);
    return draft?.counts[0] ?? 0;
  }

  /** Where there never was an event nothing is looked for. */
  private pass(ranges: readonly Range[]): Pass {
    const { firstMs, lastMs, holes, horizons } = this.snapshot;
    const horizon = horizons.latest();
    const covers = ranges.map(({ from, to }) =>
      coverRange({ from: Math.max(from, firstMs), to: Math.min(to, lastMs) }, holes, horizon),
    );
    return { ranges, covers };
  }

  private async read(plan: Plan, passes: readonly Pass[], isEstimate = false): Promise<RollupData> {
    const covers = passes.flatMap((pass) => pass.covers);
    const scope = this.scopeOf(plan);
    const runs = mergeRuns(covers.flatMap((cover) => [...cover.runs, ...cover.halfGone]));
    if (!isEstimate) await this.expectAffordable(runs, scope);
    const heads = new HeadIndex(await this.reader.readHeads(runs, scope));
    const raw = isEstimate ? new Map<string, Leaf[]>() : await this.readRaw(covers, scope);
    let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const cover of covers) {
      const halfGone = cover.halfGone.map((run): [number, number] => [run.from, run.to]);
      for (const [first, last] of [...cover.minutes, ...halfGone]) {
        from = Math.min(from, first);
        to = Math.max(to, last);
      }
    }
    const deltas = await this.reader.readDeltas(from, to, scope, plan.needsUsers);
    const { holes, horizons } = this.snapshot;
    return { heads, raw, deltas, holes: new Set(holes), horizons };
  }

  private async readRaw(covers: readonly Cover[], scope: Scope): Promise<Map<string, Leaf[]>> {
    const { horizons } = this.snapshot;
    const ranges = new Map<string, Range>();
    for (const range of covers.flatMap((cover) => cover.raw)) {
      if (!isWholeMinutes(range)) expectRaw(range.from, horizons, scope.sources);
      ranges.set(rangeKey(range), range);
    }
    const leaves = await this.reader.readRaw([...ranges.values()], scope);
    return new Map([...ranges.keys()].map((key, index) => [key, leaves[index]!]));
  }

  /** Rows are counted only where there may be too many of them. */
  private async expectAffordable(runs: readonly Run[], scope: Scope): Promise<void> {
    const { maxBuckets } = this.limits;
    const { nameCount, sourceCount } = this.snapshot;
    const buckets = runs.reduce((sum, { grain, from, to }) => sum + (to - from) / grain, 0);
    // With and without bots, and for each source all names and the other ones.
    if (buckets * 2 * (nameCount + 2 * sourceCount) <= maxBuckets) return;
    expectWithin('buckets', await this.reader.countHeads(runs, scope, maxBuckets), maxBuckets);
  }

  private scopeOf({ counters, fields, includeBots, sources }: Plan): Scope {
    const [main] = counters;
    const byName = fields.some(({ field }) => field.of === 'event');
    const rawNames = main!.names === 'all' ? undefined : [...main!.names];
    if (byName && main!.names === 'all') {
      // The row of all names is read as well, for the total.
      return {
        includeBots,
        sources,
        rawNames,
        rollupNames: [ALL_NAMES, ...this.names.everyName()],
      };
    }
    const rolledUp = new Set<number>();
    for (const { names } of counters) {
      if (names === 'all') rolledUp.add(ALL_NAMES);
      else for (const name of names) rolledUp.add(name);
    }
    return { includeBots, sources, rawNames, rollupNames: [...rolledUp] };
  }

  /** Values of the fields `event` and `source`; a trait's come later, from the users. */
  private async labels(
    drafts: readonly Draft[],
    { fields }: Plan,
  ): Promise<(draft: Draft) => unknown[]> {
    const read = async (table: 'event_names' | 'sources', ids: number[]) => {
      const { rows } = await this.client.query<{ id: number; name: string }>(
        `SELECT id, name FROM ${table} WHERE id = ANY ($1)`,
        [ids],
      );
      return new Map(rows.map(({ id, name }) => [id, name]));
    };
    const uses = (of: string): boolean => fields.some(({ field }) => field.of === of);
    const distinct = (ids: number[]): number[] => [...new Set(ids)];
    const names = uses('event')
      ? await read('event_names', distinct(drafts.map(({ nameId }) => nameId)))
      : new Map<number, string>();
    const sources = uses('source')
      ? await read('sources', distinct(drafts.map(({ sourceId }) => sourceId)))
      : new Map<number, string>();
    const value = {
      event: (draft: Draft) => names.get(draft.nameId) ?? OTHER,
      source: (draft: Draft) => sources.get(draft.sourceId) ?? null,
    };
    return (draft) =>
      fields.map(({ field }) =>
        field.of === 'event' || field.of === 'source' ? value[field.of](draft) : null,
      );
  }
}

/** Such as wait to be read anew: rollups tell what raw events don't. */
function isWholeMinutes({ from, to }: Range): boolean {
  return from % MINUTE_MS === 0 && to % MINUTE_MS === 0;
}

function emptyDraft({ counters }: Plan): Draft {
  const counts = counters.map(() => 0);
  return { bucket: 0, nameId: ALL_NAMES, sourceId: 0, counts, nobody: 0, heads: [], leaves: [] };
}
