/** A call of the Segment API, at a moment of its own in milliseconds. */
export type Call = { id: string; time: number } & (
  | { type: 'track'; user: Who }
  | { type: 'identify'; user: Who; anonymous: string | undefined; traits: Traits }
  | { type: 'alias'; known: string; previous: string }
);
export type Traits = Record<string, string | null>;
/** `known:u1` and `anonymous:u1` are two. */
export type Who = `known:${string}` | `anonymous:${string}`;

interface Trait {
  value: string | null;
  time: number;
}
interface Merge {
  place: number;
  alias: Who;
  person: Who;
}

/** Who everyone is after some calls, worked out the plain way. */
export class IdentityModel {
  readonly events = new Map<string, { time: number; user: Who }>();
  readonly refusals = new Map<string, string>();
  private readonly users = new Set<Who>();
  private readonly traits = new Map<Who, Map<string, Trait>>();
  /** Those that weren't undone, by their aliases. */
  private readonly merges = new Map<Who, Merge>();
  private made = 0;

  get active(): readonly Merge[] {
    return [...this.merges.values()];
  }

  /** One request: the users whom it names are created before anything else. */
  receive(calls: readonly Call[]): void {
    for (const call of calls) this.users.add(userOf(call));
    const fresh = calls.filter(({ id }) => !this.events.has(id));
    for (const call of fresh) {
      if (call.type === 'identify' && call.anonymous !== undefined && isKnown(call.user)) {
        this.users.add(`anonymous:${call.anonymous}`);
      }
    }
    for (const call of fresh) this.apply(call);
  }

  undo(alias: Who): void {
    this.merges.delete(alias);
  }

  /** The different people of the events from one moment to before another. */
  people(from: number, to: number): Set<Who> {
    const events = [...this.events.values()].filter(({ time }) => time >= from && time < to);
    return new Set(events.map(({ user }) => this.personOf(user)));
  }

  /** Of every known user. */
  allTraits(): Map<string, Record<string, string>> {
    const known = [...this.users].filter(isKnown);
    return new Map(known.map((user) => [user.slice('known:'.length), this.traitsOf(user)]));
  }

  private apply(call: Call): void {
    const user = userOf(call);
    this.events.set(call.id, { time: call.time, user });
    if (call.type === 'alias') this.merge(this.meant(call.previous), user);
    if (call.type !== 'identify') return;
    if (call.anonymous !== undefined && isKnown(user)) {
      this.merge(`anonymous:${call.anonymous}`, user);
    }
    for (const [key, value] of Object.entries(call.traits)) this.set(user, key, value, call.time);
  }

  /** An alias doesn't say of which kind its previous id is. */
  private meant(id: string): Who {
    const isKnownsOnly = this.users.has(`known:${id}`) && !this.users.has(`anonymous:${id}`);
    if (isKnownsOnly) return `known:${id}`;
    this.users.add(`anonymous:${id}`);
    return `anonymous:${id}`;
  }

  private merge(alias: Who, person: Who): void {
    const current = this.merges.get(alias)?.person;
    if (current === person) return;
    if (current === undefined && alias.startsWith('anonymous:')) {
      this.made += 1;
      this.merges.set(alias, { place: this.made, alias, person });
      return;
    }
    const both = alias === person ? 'itself' : 'both_known';
    const reason = alias.startsWith('anonymous:') ? 'belongs_to_another' : both;
    this.refusals.set(`${alias} ${person}`, reason);
  }

  private set(user: Who, key: string, value: string | null, time: number): void {
    const own = this.traits.get(user) ?? new Map<string, Trait>();
    this.traits.set(user, own);
    if (time >= (own.get(key)?.time ?? time)) own.set(key, { value, time });
  }

  private personOf(user: Who): Who {
    return this.merges.get(user)?.person ?? user;
  }

  private traitsOf(person: Who): Record<string, string> {
    const result: Record<string, string> = {};
    const aliases = this.active
      .filter((merge) => merge.person === person)
      .toSorted((one, other) => one.place - other.place);
    const newest = new Map<string, Trait>();
    for (const { alias } of aliases) {
      for (const [key, trait] of this.traits.get(alias) ?? []) {
        if (trait.time >= (newest.get(key)?.time ?? trait.time)) newest.set(key, trait);
      }
    }
    // What the person's own row says counts, be it that there is no such trait.
    const own = this.traits.get(person) ?? new Map<string, Trait>();
    for (const [key, { value }] of new Map([...newest, ...own])) {
      if (value !== null) result[key] = value;
    }
    return result;
  }
}

function isKnown(user: Who): boolean {
  return user.startsWith('known:');
}

function userOf(call: Call): Who {
  return call.type === 'alias' ? `known:${call.known}` : call.user;
}
