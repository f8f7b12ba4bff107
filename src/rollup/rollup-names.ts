import type { ClientBase } from 'pg';
import { ALL_NAMES, NAMES_PER_SOURCE, OTHER_NAMES } from './grains.js';
import { NAMES_LOCK, ROLLUP_LOCKS } from './locks.js';

/** `click` and `impression`, which every database has from the start, and every report looks for. */
const LAST_FIRST_NAME = 2;

/**
 * Which names of which source are rolled up by themselves: the first ones, up to a limit. Of all
 * others nothing is kept here, since clients may make them up by the million.
 */
export class RollupNames {
  private readonly bySource = new Map<number, Set<number>>();

  private constructor(private readonly limit: number) {}

  /** As one snapshot sees them. */
  static async read(client: ClientBase, limit = NAMES_PER_SOURCE): Promise<RollupNames> {
    const names = new RollupNames(limit);
    const { rows } = await client.query<{ source_id: number; name_id: number }>(
      'SELECT source_id, name_id FROM rollup_names',
    );
    for (const row of rows) names.note(row.source_id, row.name_id);
    return names;
  }

  /** After giving the names of some events rows of their own, where they have room: see `register`. */
  static async of(
    client: ClientBase,
    rows: readonly { source_id: number; name_id: number }[],
  ): Promise<RollupNames> {
    const names = await RollupNames.read(client);
    return await names.register(
      client,
      rows.map((row): [number, number] => [row.source_id, row.name_id]),
    );
  }

  /** Whether a name has rows of its own, or will have when it's folded. */
  isOwn(sourceId: number, nameId: number): boolean {
    if (nameId <= LAST_FIRST_NAME) return true;
    const own = this.bySource.get(sourceId);
    return !own || own.size < this.limit || own.has(nameId);
  }

  /** The number that a name is rolled up under. */
  rolledUpAs(sourceId: number, nameId: number): number {
    if (nameId === ALL_NAMES) return ALL_NAMES;
    return this.isOwn(sourceId, nameId) ? nameId : OTHER_NAMES;
  }

  /** All names that have rows of their own in any source. */
  all(): number[] {
    const all = new Set<number>();
    for (const own of this.bySource.values()) for (const name of own) all.add(name);
    return [...all];
  }

  /** Sources with as many names as may have rows of their own. */
  fullSources(): number[] {
    return [...this.bySource].filter(([, own]) => own.size >= this.limit).map(([id]) => id);
  }

  /**
   * Gives names that weren't seen before rows of their own while there's room; within the transaction
   * that rolls them up.
   *
   * @returns with those that others have registered meanwhile; under REPEATABLE READ these aren't seen,
   *   so that a source may come to have a few more than its limit
   */
  private async register(
    client: ClientBase,
    pairs: Iterable<[number, number]>,
  ): Promise<RollupNames> {
    if (this.fresh(pairs).length === 0) return this;
    // One after the other, so that the limit holds, and so that their number tells which they are.
    await client.query('SELECT pg_advisory_xact_lock($1, $2)', [ROLLUP_LOCKS, NAMES_LOCK]);
    const names = await RollupNames.read(client, this.limit);
    const added: [number, number][] = [];
    for (const [source, name] of names.fresh(pairs)) {
      if (!names.isOwn(source, name)) continue;
      names.note(source, name);
      added.push([source, name]);
    }
    await client.query(
      `INSERT INTO rollup_names (source_id, name_id)
       SELECT * FROM unnest($1::smallint[], $2::integer[]) ON CONFLICT DO NOTHING`,
      [0, 1].map((column) => added.map((row) => row[column])),
    );
    return names;
  }

  /** Those that would have rows of their own, and aren't registered. */
  private fresh(pairs: Iterable<[number, number]>): [number, number][] {
    const fresh = new Map<string, [number, number]>();
    for (const [source, name] of pairs) {
      const isNew = !this.bySource.get(source)?.has(name) && this.isOwn(source, name);
      if (isNew) fresh.set(`${source} ${name}`, [source, name]);
    }
    return [...fresh.values()];
  }

  private note(sourceId: number, nameId: number): void {
    const own = this.bySource.get(sourceId);
    if (own) own.add(nameId);
    else this.bySource.set(sourceId, new Set([nameId]));
  }
}
