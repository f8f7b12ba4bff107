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
    const condition = allSql(filters, { event: 'name', kind: 'kind' }, parameters);
    return `ARRAY(SELECT id FROM event_names WHERE ${condition})`;
  });
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
 * Translates sets of names to what rollups are kept under. Names past a source's limit are one row
 * there, which answers for all names alone.
 */
export class RolledUpNames {
  private readonly fullSources: readonly number[];

  constructor(private readonly names: RollupNames) {
    this.fullSources = names.fullSources();
  }

  /** Whether the rows of these sources can tell such names from all others. */
  canTell(set: NameSet, sources: readonly number[] | undefined): boolean {
    if (set === 'all') return true;
    for (const source of this.fullSources) {
      if (sources && !sources.includes(source)) continue;
      for (const name of set) if (!this.names.isOwn(source, name)) return false;
    }
    return true;
  }

  /** Whether a row counts, where names are told apart. Only for sets that can be told. */
  counts(set: NameSet, rolledUpAs: number): boolean {
    if (rolledUpAs === ALL_NAMES) return false;
    return set === 'all' || set.has(rolledUpAs);
  }

  rolledUpAs(sourceId: number, nameId: number): number {
    return this.names.rolledUpAs(sourceId, nameId);
  }

  /** What rows are kept under that are of one name each, and of those past the limit. */
  everyName(): number[] {
    return [OTHER_NAMES, ...this.names.all()];
  }
}
