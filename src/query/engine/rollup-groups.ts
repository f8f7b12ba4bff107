import { MINUTE_MS, type Grain, type Run } from '../../rollup/grains.js';
import type { Horizons } from '../../rollup/horizons.js';
import type { UserSet } from '../../rollup/user-set.js';
import type { Range } from '../language/query.js';
import type { Cover } from './cover.js';
import { firstPlace } from './first-place.js';
import { includes, type Counter, type NameSet, type RolledUpNames } from './names.js';
import type { Group, Plan } from './plan.js';
import type { DeltaLeaf, Head, Leaf } from './rollup-reader.js';

/** All that was read, of which groups are made. */
export interface RollupData {
  heads: HeadIndex;
  deltas: readonly DeltaLeaf[];
  /** By the range that they were read of. */
  raw: ReadonlyMap<string, Leaf[]>;
  holes: ReadonlySet<number>;
  horizons: Horizons;
}

export const rangeKey = ({ from, to }: Range): string => `${from} ${to}`;

/** Finds what there is of a run, which may be of many more buckets, centuries of them. */
export class HeadIndex {
  private readonly byGrain = new Map<Grain, Head[]>();

  constructor(heads: readonly Head[]) {
    for (const head of heads) {
      const others = this.byGrain.get(head.grain);
      if (others) others.push(head);
      else this.byGrain.set(head.grain, [head]);
    }
    for (const ofGrain of this.byGrain.values()) {
      ofGrain.sort((one, other) => one.bucket - other.bucket);
    }
  }

  of({ grain, from, to }: Run): Head[] {
    const heads = this.byGrain.get(grain) ?? [];
    const placeOf = (bucket: number): number => firstPlace(heads, (head) => head.bucket >= bucket);
    return heads.slice(placeOf(from), placeOf(to));
  }
}

/** A group that is being put together. */
export interface Draft {
  bucket: number;
  nameId: number;
  sourceId: number;
  counts: number[];
  /** Of the events that the first counter counts. */
  nobody: number;
  heads: Head[];
  leaves: UserSet[];
}

/** Groups of some ranges, by the fields that they are told apart by. */
export class RollupGrouping {
  private readonly byName: boolean;
  private readonly bySource: boolean;
  private readonly drafts = new Map<string, Draft>();
  private readonly counters: readonly Counter[];
  private readonly includeBots: boolean;
  private botEvents = 0;

  constructor(
    { fields, counters, includeBots }: Pick<Plan, 'fields' | 'counters' | 'includeBots'>,
    private readonly names: RolledUpNames,
  ) {
    this.counters = counters;
    this.includeBots = includeBots;
    this.byName = fields.some(({ field }) => field.of === 'event');
    this.bySource = fields.some(({ field }) => field.of === 'source');
  }

  /** How many events of bots were left out: of those that the first counter counts. */
  get botEventsLeftOut(): number {
    return this.botEvents;
  }

  /** @param ranges in rising order, with their covers */
  collect(ranges: readonly Range[], covers: readonly Cover[], data: RollupData): Draft[] {
    for (const [bucket, cover] of covers.entries()) {
      for (const run of cover.runs) {
        for (const head of data.heads.of(run)) this.addHead(bucket, head);
      }
      for (const run of cover.halfGone) {
        for (const head of data.heads.of(run)) {
          if (data.horizons.isGone(head.sourceId, run.from)) this.addHead(bucket, head);
        }
      }
      for (const range of cover.raw) this.addRaw(bucket, range, data);
    }
    for (const delta of data.deltas) {
      const bucket = isReadAnew(delta, data) ? -1 : findWhole(ranges, delta.minute);
      if (bucket !== -1) this.addLeaf(bucket, delta);
    }
    return [...this.drafts.values()].filter(({ counts }) => counts[0]! > 0);
  }

  /** What waits for its removal is counted by rollups already. */
  private addRaw(bucket: number, range: Range, { raw, horizons }: RollupData): void {
    const minute = Math.floor(range.from / MINUTE_MS);
    for (const leaf of raw.get(rangeKey(range)) ?? []) {
      if (!horizons.isGone(leaf.sourceId, minute)) this.addLeaf(bucket, leaf);
    }
  }

  private addHead(bucket: number, head: Head): void {
    const isCounted = this.counters.map(({ names }) => this.headCounts(names, head));
    if (!isCounted.includes(true)) return;
    if (head.bot && !this.includeBots) {
      if (isCounted[0]) this.botEvents += head.events;
      return;
    }
    const draft = this.draft(bucket, head.nameId, head.sourceId);
    for (const [index, counts] of isCounted.entries()) {
      if (counts) draft.counts[index]! += head.events;
    }
    if (!isCounted[0]) return;
    draft.nobody += head.nobody;
    draft.heads.push(head);
  }

  private headCounts(names: NameSet, head: Head): boolean {
    if (names === 'all' && !this.byName) return head.nameId === 0;
    return this.names.counts(names, head.nameId);
  }

  private addLeaf(bucket: number, leaf: Leaf): void {
    if (!includes(this.counters[0]!.names, leaf.nameId)) return;
    if (leaf.bot && !this.includeBots) {
      this.botEvents += leaf.events;
      return;
    }
    const nameId = this.names.rolledUpAs(leaf.sourceId, leaf.nameId);
    const draft = this.draft(bucket, nameId, leaf.sourceId);
    for (const [index, { names }] of this.counters.entries()) {
      if (includes(names, leaf.nameId)) draft.counts[index]! += leaf.events;
    }
    draft.nobody += leaf.nobody;
    if (!leaf.users.isEmpty) draft.leaves.push(leaf.users);
  }

  private draft(bucket: number, nameId: number, sourceId: number): Draft {
    const key = [bucket, this.byName && nameId, this.bySource && sourceId].join(' ');
    const known = this.drafts.get(key);
    if (known) return known;
    const counts = this.counters.map(() => 0);
    const draft = { bucket, nameId, sourceId, counts, nobody: 0, heads: [], leaves: [] };
    this.drafts.set(key, draft);
    return draft;
  }
}

/** Whether the raw events hold what a delta tells. */
function isReadAnew({ minute, sourceId }: DeltaLeaf, { holes, horizons }: RollupData): boolean {
  return holes.has(minute) && !horizons.isGone(sourceId, minute);
}

/** Of the range that holds all of a minute; -1 for none. */
function findWhole(ranges: readonly Range[], minute: number): number {
  const [from, to] = [minute * MINUTE_MS, (minute + 1) * MINUTE_MS];
  const place = firstPlace(ranges, (range) => range.to >= to);
  return place < ranges.length && ranges[place]!.from <= from ? place : -1;
}

/** The one row that answers how many users there are, without their set. */
export function soleHead({ heads, leaves }: Draft): Head | undefined {
  if (leaves.length > 0 || heads.length > 1) return undefined;
  return heads[0];
}

/**
 * @param fieldsOf the values by which the group is told apart
 * @param usersOf reads its users
 */
export function toGroup(
  draft: Draft,
  fieldsOf: (draft: Draft) => unknown[],
  usersOf: (draft: Draft) => Promise<UserSet>,
): Group {
  const isEmpty = draft.heads.length + draft.leaves.length === 0;
  return {
    bucket: draft.bucket,
    fields: fieldsOf(draft),
    counts: draft.counts,
    nobody: draft.nobody,
    userCount: soleHead(draft)?.userCount ?? (isEmpty ? 0 : undefined),
    users: () => usersOf(draft),
  };
}
