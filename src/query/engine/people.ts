import type { ClientBase } from 'pg';
import { readIntegers } from '../../rollup/sql-values.js';
import { UserSet } from '../../rollup/user-set.js';

/** Some anonymous users and the known one of each, by their numbers. */
type Persons = ReadonlyMap<number, number>;

/**
 * Which person each merged user is: bitmaps and events hold users as they were recorded. What one
 * version of the merges says never changes, since a query that looks at it may be under way.
 */
export class People {
  private constructor(
    /** Of the merges: the later, the higher. */
    readonly version: number,
    private readonly merged: UserSet,
    /** What is later counts. Of a user who is no longer merged they say what was. */
    private readonly layers: readonly Persons[],
  ) {}

  /** All of them. */
  static async read(client: ClientBase, version: number): Promise<People> {
    const { rows } = await client.query<MergeColumns>(
      `SELECT array_agg(anonymous_seq)::text AS anonymous, array_agg(known_seq)::text AS known
       FROM merges WHERE undone_at IS NULL`,
    );
    const { anonymous, known } = rows[0]!;
    const users = readIntegers(anonymous);
    return new People(version, UserSet.of(users), [personsOf(users, readIntegers(known))]);
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
    return new People(
      version,
      merged,
      withLayer(this.layers, personsOf(users, readIntegers(known))),
    );
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
    const known: number[] = [];
    merged.forEach((user) => known.push(this.personOf(user)));
    people.add(UserSet.of(known));
    return people;
  }

  private personOf(user: number): number {
    for (let place = this.layers.length - 1; place >= 0; place -= 1) {
      const person = this.layers[place]!.get(user);
      if (person !== undefined) return person;
    }
    throw new Error(`user ${user} is merged, and nobody knows with whom`);
  }
}

interface MergeColumns {
  anonymous: string | null;
  known: string | null;
}

function personsOf(anonymous: Int32Array, known: Int32Array): Persons {
  const persons = new Map<number, number>();
  for (const [index, user] of anonymous.entries()) persons.set(user, known[index]!);
  return persons;
}

/**
 * Each layer stays more than twice as large as the next, so that there are few, and a million merges
 * are copied once in half a million (a log-structured merge tree, in memory).
 */
function withLayer(layers: readonly Persons[], newest: Persons): Persons[] {
  if (newest.size === 0) return [...layers];
  const below = layers.at(-1);
  if (!below || below.size > 2 * newest.size) return [...layers, newest];
  const both = new Map(below);
  for (const [user, person] of newest) both.set(user, person);
  return withLayer(layers.slice(0, -1), both);
}
