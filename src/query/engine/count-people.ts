import { UserSet } from '../../rollup/user-set.js';
import { passing, type People, type PeopleFilter } from './people.js';
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

  rows({ groups, history }: Collected): FigureRow[] {
    const seen = new Map<string, UserSet>();
    for (const group of history) seen.set(fieldsKey(group), this.peopleOf(group).clone());
    // New people of a bucket are such as none before had.
    const inOrder = this.plan.needsHistory
      ? groups.toSorted((one, other) => one.bucket - other.bucket)
      : groups;
    return inOrder.flatMap((group) => this.rowsOf(group, seen));
  }

  /** @param length how many buckets there are, with and without events */
  byBucket({ groups, historyTotal }: Collected, length: number): PeopleByBucket {
    const people = Array.from({ length }, () => UserSet.empty());
    for (const group of groups) people[group.bucket]!.add(this.peopleOf(group));
    return { people, before: historyTotal ? this.peopleOf(historyTotal) : UserSet.empty() };
  }

  total({ total, historyTotal }: Collected): RowFigures {
    const before = historyTotal && this.peopleOf(historyTotal);
    return this.figures(total, before);
  }

  private rowsOf(group: Group, seen: Map<string, UserSet>): FigureRow[] {
    const { bucket, fields } = group;
    const key = fieldsKey(group);
    const before = seen.get(key);
    const rows = this.rules.trait
      ? this.byTrait(group, before)
      : [{ ...this.figures(group, before), bucket, fields }];
    if (this.plan.needsHistory) this.note(seen, key, group);
    return rows;
  }

  private note(seen: Map<string, UserSet>, key: string, group: Group): void {
    const known = seen.get(key);
    if (known) known.add(this.peopleOf(group));
    else seen.set(key, this.peopleOf(group).clone());
  }

  private figures(group: Group, before: UserSet | undefined): RowFigures {
    const counts = this.countsOf(group);
    if (!this.plan.needsUsers) return { counts, users: 0, newUsers: 0 };
    const isKnown = this.rules.people.isTrivial && !this.rules.filter && !this.plan.needsHistory;
    if (isKnown && group.userCount !== undefined) {
      return { counts, users: group.userCount, newUsers: 0 };
    }
    const people = this.peopleOf(group);
    return { counts, users: people.size, newUsers: this.newOf(people, before) };
  }

  private newOf(people: UserSet, before: UserSet | undefined): number {
    if (!this.plan.needsHistory) return 0;
    return before ? people.without(before).size : people.size;
  }

  /** Rows of people alone: whose the events were that a rollup counts isn't known. */
  private byTrait(group: Group, before: UserSet | undefined): FigureRow[] {
    const { place, values } = this.rules.trait!;
    const people = this.peopleOf(group);
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

  private peopleOf(group: Group): UserSet {
    return passing(this.rules.people.of(group.users()), this.rules.filter);
  }

  private countsOf({ counts }: Group): Record<string, number> {
    return Object.fromEntries(this.plan.counters.map(({ key }, index) => [key, counts[index]!]));
  }
}

function fieldsKey({ fields }: Group): string {
  return JSON.stringify(fields);
}
