import type { ClientBase } from 'pg';

/** What keeps numbers by their keys, perhaps not all of them. */
export interface NumberCache {
  get(key: string): number | undefined;
  set(key: string, number: number): unknown;
  clear(): void;
}

/** Numbers of one kind of thing, which the database gives and creates by a function. */
export class NumberTable {
  /** Grows with each `forget`: an answer that was asked for before isn't remembered after. */
  private generation = 0;

  /** @param statement takes an array of keys, and answers an array of numbers as `numbers` */
  constructor(
    private readonly statement: string,
    private readonly cache: NumberCache,
  ) {}

  /** @returns a number for each key, in order; undefined for no key, and where the database has none */
  async resolve(
    client: ClientBase,
    keys: readonly (string | undefined)[],
  ): Promise<(number | undefined)[]> {
    const missing = new Set<string>();
    const numbers = keys.map((key) => {
      if (key === undefined) return undefined;
      const number = this.cache.get(key);
      if (number === undefined) missing.add(key);
      return number;
    });
    if (missing.size === 0) return numbers;
    const asked = await this.ask(client, [...missing]);
    return numbers.map((number, index) => number ?? asked.get(keys[index] ?? ''));
  }

  forget(): void {
    this.generation += 1;
    this.cache.clear();
  }

  private async ask(client: ClientBase, keys: string[]): Promise<Map<string, number>> {
    const { generation } = this;
    const { rows } = await client.query<{ numbers: (number | null)[] }>(this.statement, [keys]);
    const found = new Map<string, number>();
    for (const [index, number] of rows[0]!.numbers.entries()) {
      if (number === null) continue;
      found.set(keys[index]!, number);
      if (generation === this.generation) this.cache.set(keys[index]!, number);
    }
    return found;
  }
}
