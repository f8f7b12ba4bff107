import type { ClientBase } from 'pg';
import { ALL_NAMES, NAMES_PER_SOURCE, OTHER_NAMES } from './grains.js';
import { NAMES_LOCK, ROLLUP_LOCKS } from './locks.js';

/** Which names of which source are rolled up by themselves. */
export class RollupNames {
  /** By source: by name, whether it has rows of its own. */
  private readonly known = new Map<number, Map<number, boolean>>();

  private constructor(private readonly limit: number) {}

  /** As one snapshot sees them. */
  static async read(client: ClientBase, limit = NAMES_PER_SOURCE): Promise<RollupNames> {
    const names = new RollupNames(limit);
    const { rows } = await client.query<{ source_id: number; name_id: number; is_own: boolean }>(
      'SELECT source_id, name_id, is_own FROM rollup_names',
    );
    for (const row of rows) names.note(row.source_id, row.name_id, row.is_own);
    return names;
  }

  /** The number that a name is rolled up under. One that wasn't seen before has its own while there's room. */
  rolledUpAs(sourceId: number, nameId: number): number {
    if (nameId === ALL_NAMES) return ALL_NAMES;
    const isOwn = this.known.get(sourceId)?.get(nameId) ?? this.hasRoom(sourceId);
    return isOwn ? nameId : OTHER_NAMES;
  }

  /** The names that have rows of their own in any source. */
  own(): number[] {
    const own = new Set<number>();
    for (const names of this.known.values()) {
      for (const [nameId, isOwn] of names) if (isOwn) own.add(nameId);
    }
    return [...own];
  }

  /** By source, the names that have no rows of their own. */
  others(): Map<number, number[]> {
    const others = new Map<number, number[]>();
    for (const [sourceId, names] of this.known) {
      const past = [...names].filter(([, isOwn]) => !isOwn).map(([nameId]) => nameId);
      if (past.length > 0) others.set(sourceId, past);
    }
    return others;
  }

  /** Gives each name that wasn't seen before a place; within the transaction that rolls it up. */
  async register(client: ClientBase, pairs: Iterable<[number, number]>): Promise<RollupNames> {
    const fresh = [...pairs].filter(([source, name]) => !this.known.get(source)?.has(name));
    if (fresh.length === 0) return this;
    // One after the other, so that the limit holds.
    await client.query('SELECT pg_advisory_xact_lock($1, $2)', [ROLLUP_LOCKS, NAMES_LOCK]);
    const names = await RollupNames.read(client, this.limit);
    const added: [number, number, boolean][] = [];
    for (const [source, name] of fresh) {
      if (names.known.get(source)?.has(name)) continue;
      const isOwn = names.hasRoom(source);
      names.note(source, name, isOwn);
      added.push([source, name, isOwn]);
    }
    await client.query(
      `INSERT INTO rollup_names (source_id, name_id, is_own)
       SELECT * FROM unnest($1::smallint[], $2::integer[], $3::boolean[]) ON CONFLICT DO NOTHING`,
      [0, 1, 2].map((column) => added.map((row) => row[column])),
    );
    return names;
  }

  private hasRoom(sourceId: number): boolean {
    const names = this.known.get(sourceId);
    if (!names || names.size < this.limit) return true;
    let own = 0;
    for (const isOwn of names.values()) if (isOwn) own += 1;
    return own < this.limit;
  }

  private note(sourceId: number, nameId: number, isOwn: boolean): void {
    const names = this.known.get(sourceId) ?? new Map<number, boolean>();
    names.set(nameId, isOwn);
    this.known.set(sourceId, names);
  }
}
