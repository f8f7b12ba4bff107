import type { ClientBase } from 'pg';
import { readIntegers } from '../../rollup/sql-values.js';
import { UserSet } from '../../rollup/user-set.js';
import { Persons } from './persons.js';

/** As many of the latest merges are kept beside all the others: to add them there takes a copy. */
const MAX_LATEST = 4_096;

/**
 * Which person each merged user is: bitmaps and events hold users as they were recorded. What one
 * version of the merges says never changes, since a query that looks at it may be under way.
 */
export class People {
  private constructor(
    /** Of the merges: the later, the higher. */
    readonly version: number,
    private readonly merged: UserSet,
    /** Of a user who is no longer merged, it may still say what was; so may the latest. */
    private readonly persons: Persons,
    /** What counts where both have a user. */
    private readonly latest: ReadonlyMap<number, number>,
  ) {}

  /** All of them. */
  static async read(client: ClientBase, version: number): Promise<People> {
    const { rows } = await client.query<MergeColumns>(
      `SELECT array_agg(anonymous_seq ORDER BY anonymous_seq)::text AS anonymous,
         array_agg(known_seq ORDER BY anonymous_seq)::text AS known
       FROM merges WHERE undone_at IS NULL`,
    );
    const { anonymous, known } = rows[0]!;
    const users = readIntegers(anonymous);
    const persons = Persons.ofColumns(users, readIntegers(known));
    return new People(version, UserSet.of(users), persons, new Map());
  }

  /** Those of a later version, by reading what is new in it. Only where no row went away meanwhile. */
  async readOn(client: ClientBase, version: number): Promise<People> {
    // Of a user who changed, the merge that counts now may be an older one.
    const { rows } = await client.query<MergeColumns & { undone: string | null }>(
      `SELECT array_agg(changed.user_seq) FILTER (WHERE known_seq IS NOT NULL)::text AS anonymous,
         array_agg(known_seq) FILTER (WHERE known_seq IS NOT NULL)::text AS known,
         array_agg(changed.user_seq) FILTER (WHERE known_seq IS NULL)::text AS undone
       FROM (SELECT DISTINCT anonymous_seq AS user_seq FROM merges WHERE version > $1) AS changed
       LEFT JOIN merges ON merges.anonymous_seq = changed.user_seq AND undone_at IS NULL`,
      [this.version],
    );
    const { anonymous, known, undone } = rows[0]!;
    const users = readIntegers(anonymous);
    const merged = this.merged.clone();
    merged.add(UserSet.of(users));
    merged.remove(UserSet.of(readIntegers(undone)));
    const latest = new Map(this.latest);
    const persons = readIntegers(known);
    for (const [index, user] of users.entries()) latest.set(user, persons[index]!);
    return latest.size <= MAX_LATEST
      ? new People(version, merged, this.persons, latest)
      : new People(version, merged, this.persons.with(latest), new Map());
  }

  /** Whether every user is a person of their own. */
  get isTrivial(): boolean {
    return this.merged.isEmpty;
  }

  /** The different people of some users; the set itself where none of them was merged. */
  of(users: UserSet): UserSet {
    const merged = users.and(this.merged);
    if (merged.isEmpty) return users;
    const people = users.without(merged);
    const known = new Uint32Array(merged.size);
    const find = this.persons.finder();
    let count = 0;
    merged.forEach((user) => {
      known[count] = this.latest.get(user) ?? find(user)!;
      count += 1;
    });
    people.add(UserSet.of(known));
    return people;
  }
}

interface MergeColumns {
  anonymous: string | null;
  known: string | null;
}
