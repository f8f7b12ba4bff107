import { toTable } from './csv-text.js';
import type { IdentityRow, Profile } from './engine/run-user.js';
import type { PersonRow } from './engine/run-users.js';
import { toListedLine } from './event-lines.js';

/** Values are JSON already: numbers of traits stay as they were stored. */
function object(entries: readonly (readonly [string, string])[]): string {
  return `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')}}`;
}

const text = (value: string | number | null): string => JSON.stringify(value);
const list = (items: readonly string[]): string => `[${items.join(',')}]`;

/** How many of something aren't shown, where any aren't. */
function omitted(what: string, count: number): [string, string][] {
  return count > 0 ? [[`${what}_omitted`, String(count)]] : [];
}

/** @param horizonMs -Infinity where no raw event was ever removed */
export function toUserJson(profile: Profile, horizonMs: number): string {
  const { kind, id, traits, createdAt, identities, groups, counts, recent } = profile;
  return object([
    ['id', text(id)],
    ['kind', text(kind)],
    ['traits', traits],
    ['created_at', text(createdAt)],
    ['first_seen', text(counts.firstSeen)],
    ['last_seen', text(counts.lastSeen)],
    ['events', String(counts.events)],
    ['counts', object(counts.byName.map(([name, count]) => [name, String(count)]))],
    ...omitted('counts', counts.namesOmitted),
    ['identities', list(identities.map(identityJson))],
    ...omitted('identities', profile.identityCount - identities.length),
    ['groups', list(groups.map(groupJson))],
    ...omitted('groups', profile.groupCount - groups.length),
    ['recent', list(recent.map(toListedLine))],
    ...(Number.isFinite(horizonMs)
      ? [['raw_from', text(new Date(horizonMs).toISOString())] as const]
      : []),
  ]);
}

function identityJson(identity: IdentityRow): string {
  const { kind, id, traits, createdAt, merge, since, mergedBy } = identity;
  return object([
    ['kind', text(kind)],
    ['id', text(id)],
    ['traits', traits],
    ['created_at', text(createdAt)],
    ...(merge === null
      ? []
      : ([
          ['merge', String(merge)],
          ['since', text(since)],
          ['merged_by', text(mergedBy)],
        ] as const)),
  ]);
}

function groupJson({ id, traits, since }: Profile['groups'][number]): string {
  return object([
    ['id', text(id)],
    ['traits', traits],
    ['since', text(since)],
  ]);
}

/** One person of a list. */
export function toPersonJson({ id, kind, traits, createdAt }: PersonRow): string {
  return object([
    ['id', text(id)],
    ['kind', text(kind)],
    ['traits', traits],
    ['created_at', text(createdAt)],
  ]);
}

/** A page of them as CSV with a header; traits are JSON. */
export function toPeopleCsv(rows: readonly PersonRow[]): string {
  const lines = rows.map(({ id, kind, traits, createdAt }) => [id, kind, traits, createdAt]);
  return toTable([['id', 'kind', 'traits', 'created_at'], ...lines]);
}
