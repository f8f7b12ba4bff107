import type { ClientBase } from 'pg';
import { ALL_NAMES, OTHER_NAMES } from '../../rollup/grains.js';
import type { RollupNames } from '../../rollup/rollup-names.js';
import type { Filter } from '../language/query.js';
import { allSql } from './filter-sql.js';
import { SqlParameters } from './sql-parameters.js';

/** Some of the event names, or all of them, those included that come later. */
export type NameSet = ReadonlySet<number> | 'all';

/** One number that is counted of each group of events. */
export interface Counter {
  key: string;
  names: NameSet;
}

export interface NamedFilter {
  key: string;
  filters: readonly Filter[];
}

/** The names that pass each of some filters. */
export async function readNameSets(
  client: ClientBase,
  wanted: readonly NamedFilter[],
): Promise<Counter[]> {
  const parameters = new SqlParameters();
  if (wanted.every(({ filters }) => filters.length === 0)) {
    return wanted.map(({ key }) => ({ key, names: 'all' }));
  }
  const columns = wanted.map(({ filters }) => {
    if (filters.length === 0) return 'NULL';
    const condition = allSql(filters, { event: 'name', kind: 'kind::text' }, parameters);
    return `ARRAY(SELECT id FROM event_names WHERE ${condition})`;
  });
  if (wanted.every(({ filters }) => filters.length === 0)) {
    return wanted.map(({ key }) => ({ key, names: 'all' }));
  }
  const { rows } = await client.query<(number[] | null)[]>({
    text: `SELECT ${columns.join(', ')}`,
    values: parameters.values,
    rowMode: 'array',
  });
  return wanted.map(({ key }, index) => {
    const ids = rows[0]![index];
    return { key, names: ids ? new Set(ids) : 'all' };
  });
}

/** Sources that pass filters; undefined for all. */
export async function readSources(
  client: ClientBase,
  filters: readonly Filter[],
): Promise<number[] | undefined> {
  if (filters.length === 0) return undefined;
  const parameters = new SqlParameters();
  const condition = allSql(filters, { source: 'name' }, parameters);
  const { rows } = await client.query<{ id: number }>(
    `SELECT id FROM sources WHERE ${condition}`,
    parameters.values,
  );
  return rows.map(({ id }) => id);
}

export function includes(names: NameSet, nameId: number): boolean {
  return names === 'all' || names.has(nameId);
}

/**
 * Translates sets of names to what rollups are kept under: names past a source's limit are one row
 * there, which answers for all of them or for none.
 */
export class RolledUpNames {
  private readonly others: Map<number, number[]>;

  constructor(private readonly names: RollupNames) {
    this.others = names.others();
  }

  /** Whether the rows of these sources can tell such names from all others. */
  canTell(set: NameSet, sources: readonly number[] | undefined, byName: boolean): boolean {
    if (set === 'all') return true;
    for (const [source, past] of this.others) {
      if (sources && !sources.includes(source)) continue;
      const count = past.filter((name) => set.has(name)).length;
      if (count > 0 && (byName || count < past.length)) return false;
    }
    return true;
  }

  /** Whether a row counts, where names are told apart. Only for sets that can be told. */
  counts(set: NameSet, sourceId: number, rolledUpAs: number): boolean {
    if (rolledUpAs === ALL_NAMES) return false;
    if (set === 'all') return true;
    if (rolledUpAs !== OTHER_NAMES) return set.has(rolledUpAs);
    const [first] = this.others.get(sourceId) ?? [];
    return first !== undefined && set.has(first);
  }

  rolledUpAs(sourceId: number, nameId: number): number {
    return this.names.rolledUpAs(sourceId, nameId);
  }

  /** All names that have rows of their own. */
  all(): number[] {
    return this.names.own();
  }

  /** Whether any source has names past its limit. */
  get hasOthers(): boolean {
    return this.others.size > 0;
  }
}
