import { UserSet } from '../../rollup/user-set.js';
import type { People } from './people.js';
import { passing, type PeopleFilter } from './traits.js';
import type { Collected, Group, Plan } from './plan.js';
import type { RowFigures } from './metrics.js';

/** One row of an answer before it's written. */
export interface FigureRow extends RowFigures {
  bucket: number;
  fields: readonly unknown[];
}

/** Who had an event. */
export interface PeopleByBucket {
  people: readonly UserSet[];
  before: UserSet;
}

export interface PeopleRules {
  people: People;
  /** Undefined where traits were filters of the raw events already. */
  filter: PeopleFilter | undefined;
  /** Where rows are told apart by a trait that only users know: its place among the fields. */
  trait: { place: number; values: ReadonlyMap<string, UserSet> } | undefined;
}

/** Counts the people of groups: merges are applied here, when the answer is read. */
export class PeopleCount {
  private readonly anyValue = UserSet.empty();

  constructor(
    private readonly plan: Plan,
    private readonly rules: PeopleRules,
  ) {
    for (const users of rules.trait?.values.values() ?? []) this.anyValue.add(users);
  }

  async rows({ groups, history }: Collected): Promise<FigureRow[]> {
    const seen = new Map<string, UserSet>();
    for (const group of history) seen.set(fieldsKey(group), (await this.peopleOf(group)).clone());
    // New people of a bucket are such as none before had.
    const inOrder = this.plan.needsHistory
      ? groups.toSorted((one, other) => one.bucket - other.bucket)
      : groups;
    const rows: FigureRow[] = [];
    for (const group of inOrder) rows.push(...(await this.rowsOf(group, seen)));
    return rows;
  }

  /** @param length how many buckets there are, with and without events */
  async byBucket({ groups, historyTotal }: Collected, length: number): Promise<PeopleByBucket> {
    const people = Array.from({ length }, () => UserSet.empty());
    for (const group of groups) people[group.bucket]!.add(await this.peopleOf(group));
    return { people, before: historyTotal ? await this.peopleOf(historyTotal) : UserSet.empty() };
  }

  async total({ total, historyTotal }: Collected): Promise<RowFigures> {
    const before = historyTotal && (await this.peopleOf(historyTotal));
    return this.isCounted(total)
      ? this.countedFigures(total)
      : this.figures(total, await this.peopleOf(total), before);
  }

  private async rowsOf(group: Group, seen: Map<string, UserSet>): Promise<FigureRow[]> {
    const { bucket, fields } = group;
    if (this.isCounted(group)) return [{ ...this.countedFigures(group), bucket, fields }];
    const people = await this.peopleOf(group);
    const key = fieldsKey(group);
    const before = seen.get(key);
    const rows = this.rules.trait
      ? this.byTrait(group, people, before)
      : [{ ...this.figures(group, people, before), bucket, fields }];
    if (this.plan.needsHistory) {
      if (before) before.add(people);
      else seen.set(key, people.clone());
    }
    return rows;
  }

  /** Whether nobody has to be looked at: no users are asked for, or a row says how many they are. */
  private isCounted({ userCount }: Group): boolean {
    if (!this.plan.needsUsers) return true;
    const { people, filter, trait } = this.rules;
    const isByRow = people.isTrivial && !filter && !trait && !this.plan.needsHistory;
    return isByRow && userCount !== undefined;
  }

  private countedFigures(group: Group): RowFigures {
    return { counts: this.countsOf(group), users: group.userCount ?? 0, newUsers: 0 };
  }

  private figures(group: Group, people: UserSet, before: UserSet | undefined): RowFigures {
    const newUsers = this.newOf(people, before);
    return { counts: this.countsOf(group), users: people.size, newUsers };
  }

  private newOf(people: UserSet, before: UserSet | undefined): number {
    if (!this.plan.needsHistory) return 0;
    return before ? people.without(before).size : people.size;
  }

  /** Rows of people alone: whose the events were that a rollup counts isn't known. */
  private byTrait(group: Group, people: UserSet, before: UserSet | undefined): FigureRow[] {
    const { place, values } = this.rules.trait!;
    const row = (value: unknown, users: UserSet): FigureRow => ({
      counts: this.countsOf(group),
      users: users.size,
      newUsers: this.newOf(users, before),
      bucket: group.bucket,
      fields: group.fields.map((field, index) => (index === place ? value : field)),
    });
    const rows = [...values].map(([value, users]) => row(JSON.parse(value), people.and(users)));
    return [...rows, row(null, people.without(this.anyValue))].filter(({ users }) => users > 0);
  }

  private async peopleOf(group: Group): Promise<UserSet> {
    return passing(this.rules.people.of(await group.users()), this.rules.filter);
  }

  private countsOf({ counts }: Group): Record<string, number> {
    return Object.fromEntries(this.plan.counters.map(({ key }, index) => [key, counts[index]!]));
  }
}

function fieldsKey({ fields }: Group): string {
  return JSON.stringify(fields);
}
