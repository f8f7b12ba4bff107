import * as fc from 'fast-check';
import type { Analyst } from '../analyst.js';
import { IdentityModel, type Call, type Traits, type Who } from './identity-model.js';

const DAY_MS = 24 * 60 * 60_000;
const FIRST_DAY = Date.parse('2021-01-01T00:00:00Z');
/** From one moment of the day to before another. */
const WINDOWS = [
  [0, DAY_MS],
  [DAY_MS / 4, DAY_MS / 2 + 1],
] as const;

/** Some ids are those of a known and of an anonymous user. */
const anonymousId = fc.constantFrom('a1', 'a2', 'a3', 'both');
const knownId = fc.constantFrom('k1', 'k2', 'k3', 'both');
const who = fc.oneof(
  anonymousId.map((id): Who => `anonymous:${id}`),
  knownId.map((id): Who => `known:${id}`),
);
const traits: fc.Arbitrary<Traits> = fc.dictionary(
  fc.constantFrom('plan', 'city', 'name'),
  fc.oneof(fc.constantFrom('x', 'y', 'z'), fc.constant(null)),
);
/** Few moments, so that some calls have the same. */
const time = fc.integer({ min: 0, max: 11 }).map((place) => place * (DAY_MS / 12));
const call = fc.oneof(
  fc.record({ type: fc.constant('track' as const), user: who, time }),
  fc.record({
    type: fc.constant('identify' as const),
    user: who,
    anonymous: fc.option(anonymousId, { nil: undefined }),
    traits,
    time,
  }),
  fc.record({
    type: fc.constant('alias' as const),
    known: knownId,
    previous: fc.oneof(anonymousId, knownId),
    time,
  }),
);
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      calls: fc.array(call, { minLength: 1, maxLength: 4 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('undo' as const), place: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('again' as const), place: fc.nat(200) }) },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** @param maxLength how many, 1 at least */
export function steps(maxLength: number): fc.Arbitrary<Step[]> {
  return fc.array(step, { minLength: 1, maxLength });
}

/** One sequence, with ids and a day of its own. */
export class IdentityRun {
  private readonly model = new IdentityModel();
  private readonly requests: Call[][] = [];
  private readonly day: number;
  private calls = 0;
  private refused = 0;

  constructor(
    private readonly analyst: Analyst,
    private readonly number: number,
  ) {
    this.day = FIRST_DAY + number * DAY_MS;
  }

  /** @returns what there was to see, and what the model says of it */
  async perform(sequence: readonly Step[]): Promise<{ observed: unknown; expected: unknown }> {
    const uniques = [];
    for (const [place, one] of sequence.entries()) {
      await this.take(one);
      const isLast = place === sequence.length - 1;
      if (isLast || place % 4 === 3) uniques.push(await this.uniques(), this.modelUniques());
    }
    const { refusals, active } = this.model;
    return {
      observed: {
        uniques: uniques.filter((_, index) => index % 2 === 0),
        traits: await this.traits(),
        merges: await this.merges(),
        refusals: await this.refusals(),
        refusedRequests: this.refused,
      },
      expected: {
        uniques: uniques.filter((_, index) => index % 2 === 1),
        traits: this.model.allTraits(),
        merges: new Map(active.map(({ alias, person }) => [alias, person])),
        refusals,
        refusedRequests: 0,
      },
    };
  }

  private async take(one: Step): Promise<void> {
    switch (one.do) {
      case 'send': {
        const calls = one.calls.map((given): Call => {
          this.calls += 1;
          return { ...given, id: `${this.number}-${this.calls}`, time: this.day + given.time };
        });
        this.requests.push(calls);
        return await this.send(calls);
      }
      case 'again': {
        const { length } = this.requests;
        return length === 0 ? undefined : await this.send(this.requests[one.place % length]!);
      }
      default: {
        const merge = this.model.active[one.place % Math.max(1, this.model.active.length)];
        if (!merge) return;
        this.model.undo(merge.alias);
        await this.analyst.client.query(
          `SELECT undo_merge(merges.id, 'test') FROM merges JOIN users ON seq = anonymous_seq
           WHERE users.id = $1 AND undone_at IS NULL`,
          [this.own(merge.alias.slice('anonymous:'.length))],
        );
      }
    }
  }

  private async send(calls: readonly Call[]): Promise<void> {
    this.model.receive(calls);
    const response = await this.analyst.server.post('/v1/batch', {
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ batch: calls.map((one) => this.payload(one)), sentAt: new Date() }),
    });
    if ((await response.text()) !== '{"success":true}') this.refused += 1;
  }

  private payload(given: Call): object {
    const { type } = given;
    const common = { type, messageId: given.id, timestamp: new Date(given.time).toISOString() };
    if (given.type === 'alias') {
      return { ...common, userId: this.own(given.known), previousId: this.own(given.previous) };
    }
    const [kind, id] = given.user.split(':') as [string, string];
    const user = kind === 'known' ? { userId: this.own(id) } : { anonymousId: this.own(id) };
    if (given.type === 'track') return { ...common, ...user, event: 'click' };
    const anonymous = given.anonymous !== undefined && { anonymousId: this.own(given.anonymous) };
    return { ...common, ...anonymous, ...user, traits: given.traits };
  }

  private own(id: string): string {
    return `${this.number}-${id}`;
  }

  private async uniques(): Promise<unknown[]> {
    const found = [];
    for (const range of WINDOWS) {
      const dates = range.map((offset) => new Date(this.day + offset).toISOString());
      const { totals } = await this.analyst.ask({ metrics: ['unique_users'], date_range: dates });
      found.push(totals['unique_users']);
    }
    return found;
  }

  private modelUniques(): number[] {
    return WINDOWS.map(([from, to]) => this.model.people(this.day + from, this.day + to).size);
  }

  private async traits(): Promise<Map<string, object>> {
    const { rows } = await this.analyst.client.query<{ id: string; traits: object }>(
      `SELECT substr(id, ${this.own('').length + 1}) AS id, alias_traits || traits AS traits
       FROM users WHERE kind = 'known' AND id LIKE $1`,
      [this.own('%')],
    );
    return new Map(rows.map((row) => [row.id, row.traits]));
  }

  private async merges(): Promise<Map<string, string>> {
    const { rows } = await this.analyst.client.query<{ alias: string; person: string }>(
      `SELECT ${this.nameOf('anonymous_seq')} AS alias, ${this.nameOf('known_seq')} AS person
       FROM merges JOIN users ON seq = known_seq WHERE undone_at IS NULL AND users.id LIKE $1`,
      [this.own('%')],
    );
    return new Map(rows.map(({ alias, person }) => [alias, person]));
  }

  private async refusals(): Promise<Map<string, string>> {
    const { rows } = await this.analyst.client.query<{ pair: string; reason: string }>(
      `SELECT ${this.nameOf('from_seq')} || ' ' || ${this.nameOf('into_seq')} AS pair, reason
       FROM merge_refusals JOIN users ON seq = into_seq WHERE users.id LIKE $1`,
      [this.own('%')],
    );
    return new Map(rows.map(({ pair, reason }) => [pair, reason]));
  }

  /** SQL for the model's name of a user. */
  private nameOf(seq: string): string {
    const start = this.own('').length + 1;
    return `(SELECT kind || ':' || substr(id, ${start}) FROM users WHERE seq = ${seq})`;
  }
}
