import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { Analyst } from './support/analyst.js';
import { IdentityModel, type Call, type Traits, type Who } from './support/model/identity-model.js';
import { inSoak } from './support/soak.js';

const RUNS = inSoak(1_000, 60);
const STEPS = inSoak(60, 25);
const DAY_MS = 24 * 60 * 60_000;
const FIRST_DAY = Date.parse('2021-01-01T00:00:00Z');

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

describe('who everyone is', () => {
  let analyst: Analyst;
  let run = 0;
  beforeAll(async () => {
    analyst = await Analyst.start();
  });
  afterAll(() => analyst.stop());

  it(
    "equals a naive model's, in whatever order it was said, repeated and undone",
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: STEPS }), async (steps) => {
          run += 1;
          await new Run(analyst, run).perform(steps);
        }),
        { numRuns: RUNS },
      );
    },
    inSoak(60 * 60_000, 240_000),
  );
});

/** One sequence, with ids and a day of its own. */
class Run {
  private readonly model = new IdentityModel();
  private readonly requests: Call[][] = [];
  private readonly day: number;
  private calls = 0;

  constructor(
    private readonly analyst: Analyst,
    private readonly number: number,
  ) {
    this.day = FIRST_DAY + number * DAY_MS;
  }

  async perform(steps: readonly Step[]): Promise<void> {
    for (const [place, one] of steps.entries()) {
      await this.take(one);
      if (place % 4 === 3) await this.compareUniques();
    }
    await this.compareUniques();
    await this.compareTraits();
    await this.compareRecords();
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
    expect(await response.json()).toEqual({ success: true });
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

  private async compareUniques(): Promise<void> {
    for (const [from, to] of [
      [0, DAY_MS],
      [DAY_MS / 4, DAY_MS / 2 + 1],
    ] as const) {
      const range = [from, to].map((offset) => new Date(this.day + offset).toISOString());
      const { totals } = await this.analyst.ask({ metrics: ['unique_users'], date_range: range });
      const people = this.model.people(this.day + from, this.day + to);
      expect(totals['unique_users']).toBe(people.size);
    }
  }

  private async compareTraits(): Promise<void> {
    const { rows } = await this.analyst.client.query<{ id: string; traits: object }>(
      `SELECT id, alias_traits || traits AS traits FROM users WHERE kind = 'known' AND id LIKE $1`,
      [this.own('%')],
    );
    const traits = rows.map((row) => [row.id.slice(this.own('').length), row.traits] as const);
    expect(new Map(traits)).toEqual(this.model.allTraits());
  }

  private async compareRecords(): Promise<void> {
    const person = (seq: string): string =>
      `(SELECT kind || ':' || substr(id, ${this.own('').length + 1}) FROM users WHERE seq = ${seq})`;
    const merges = await this.analyst.client.query<{ alias: string; person: string }>(
      `SELECT ${person('anonymous_seq')} AS alias, ${person('known_seq')} AS person
       FROM merges JOIN users ON seq = known_seq WHERE undone_at IS NULL AND users.id LIKE $1`,
      [this.own('%')],
    );
    const active = this.model.active.map(({ alias, person: into }) => [alias, into] as const);
    expect(new Map(merges.rows.map((row) => [row.alias, row.person]))).toEqual(new Map(active));
    const refusals = await this.analyst.client.query<{ pair: string; reason: string }>(
      `SELECT ${person('from_seq')} || ' ' || ${person('into_seq')} AS pair, reason
       FROM merge_refusals JOIN users ON seq = into_seq WHERE users.id LIKE $1`,
      [this.own('%')],
    );
    const refused = refusals.rows.map((row) => [row.pair, row.reason] as const);
    expect(new Map(refused)).toEqual(this.model.refusals);
  }
}
