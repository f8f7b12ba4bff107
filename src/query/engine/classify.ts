import {
  fieldDimensions,
  fieldsOf,
  type Field,
  type Filter,
  type Query,
} from '../language/query.js';

/** What a filter looks at, of what rollups know and what they don't. */
type Scope = 'name' | 'source' | 'trait' | 'property';

export const SCOPE_OF: Record<Field['of'], Scope> = {
  event: 'name',
  kind: 'name',
  source: 'source',
  trait: 'trait',
  property: 'property',
};

/** Filters that are all true, by what they look at. */
export interface SortedFilters {
  name: Filter[];
  source: Filter[];
  trait: Filter[];
  /** Such as look at properties, or at several things in one. */
  mixed: Filter[];
}

export function sortFilters(filters: readonly Filter[]): SortedFilters {
  const sorted: SortedFilters = { name: [], source: [], trait: [], mixed: [] };
  for (const filter of filters.flatMap(conjuncts)) {
    const scopes = scopesOf(filter);
    const [scope] = scopes;
    const isMixed = scopes.size !== 1 || scope === undefined || scope === 'property';
    sorted[isMixed ? 'mixed' : scope].push(filter);
  }
  return sorted;
}

function conjuncts(filter: Filter): Filter[] {
  return filter.test === 'and' ? filter.filters.flatMap(conjuncts) : [filter];
}

/** What all parts of a filter look at. */
export function scopesOf(filter: Filter): Set<Scope> {
  return new Set(fieldsOf(filter).map((field) => SCOPE_OF[field.of]));
}

/** Metrics that a set of users answers; a rollup knows of no event whose it was. */
const OF_USERS = new Set(['unique_users', 'new_users']);

/** Whether the query can be answered without raw events, but for the edges of its range. */
export function isForRollups(
  query: Pick<Query, 'dimensions' | 'metrics'>,
  filters: SortedFilters,
): boolean {
  const fields = fieldDimensions(query.dimensions).map(({ field }) => field.of);
  if (filters.mixed.length > 0 || fields.includes('property')) return false;
  const traits = fields.filter((of) => of === 'trait').length;
  if (traits === 0 && filters.trait.length === 0) return true;
  return traits <= 1 && isOfUsersAlone(query);
}

export function isOfUsersAlone({ metrics }: Pick<Query, 'metrics'>): boolean {
  return metrics.every(({ key }) => OF_USERS.has(key));
}
