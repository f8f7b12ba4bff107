import type { FieldDimension } from './plan.js';
import { isAboveHorizon } from '../../rollup/horizons.js';
import { timeText } from '../../rollup/sql-values.js';
import type { Filter, Range } from '../language/query.js';
import { allSql, type Columns } from './filter-sql.js';
import { SCOPE_OF, scopesOf } from './classify.js';
import type { SqlParameters } from './sql-parameters.js';

/** Where fields stand when raw events are read. */
export const EVENT_COLUMNS: Required<Columns> = {
  event: 'names.name',
  kind: 'names.kind',
  source: 'sources.name',
  property: 'events.properties',
  trait: '(people.alias_traits || people.traits)',
};

/** The person of an event: the known user whom its anonymous one was merged with, or its user. */
export const PERSON = 'coalesce(merges.known_seq, events.user_seq)';

const MERGES = `LEFT JOIN merges ON merges.anonymous_seq = events.user_seq AND merges.undone_at IS NULL`;

interface Tables {
  filters: readonly Filter[];
  /** Whose values the statement reads, too. */
  fields?: readonly FieldDimension[];
  /** Whether the statement reads `PERSON`, too. */
  needsPerson?: boolean;
}

/** Raw events, and the tables that filters and fields look into. */
export function eventTables({ filters, fields = [], needsPerson = false }: Tables): string {
  const scopes = new Set(filters.flatMap((filter) => [...scopesOf(filter)]));
  for (const { field } of fields) scopes.add(SCOPE_OF[field.of]);
  const joins = [
    ...(scopes.has('name') ? ['JOIN event_names AS names ON names.id = events.name_id'] : []),
    ...(scopes.has('source') ? ['JOIN sources ON sources.id = events.source_id'] : []),
    ...(scopes.has('trait') || needsPerson ? [MERGES] : []),
    ...(scopes.has('trait') ? [`LEFT JOIN users AS people ON people.seq = ${PERSON}`] : []),
  ];
  return `events ${joins.join(' ')}`;
}

/**
 * Events that are kept by their source's horizon: what is about to be removed is no event any more.
 * With it a statement needn't ask for more than that the range is above `horizon`.
 */
export const IS_KEPT = isAboveHorizon('events', 'time');

/** Whose events: of everyone, of people or of bots. */
export type Bots = 'all' | 'none' | 'only';

const BOT_CONDITIONS: Record<Bots, string[]> = {
  all: [],
  none: ['NOT events.bot'],
  only: ['events.bot'],
};

/** What filters leave of the events from one moment to before another, in milliseconds. */
export function eventConditions(
  { from, to }: Range,
  { filters, bots }: { filters: readonly Filter[]; bots: Bots },
  parameters: SqlParameters,
): string {
  return [
    `events.time >= ${parameters.bind(timeText(from), 'timestamptz')}`,
    `events.time < ${parameters.bind(timeText(to), 'timestamptz')}`,
    // No event: such a row only made its chunk.
    'events.name_id > 0',
    ...BOT_CONDITIONS[bots],
    allSql(filters, EVENT_COLUMNS, parameters),
  ].join(' AND ');
}
