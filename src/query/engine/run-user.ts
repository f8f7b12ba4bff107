import type { ClientBase } from 'pg';
import type { Horizons } from '../../rollup/horizons.js';
import { timeText } from '../../rollup/sql-values.js';
import type { UserKind, UserQuery } from '../language/parse-users.js';
import { IS_KEPT } from './events-sql.js';
import { orderOfEvents, readEventRows, type EventRow } from './event-rows.js';
import { UnknownUserError } from './refusals.js';
import { momentSql } from './run-users.js';
import { SqlParameters } from './sql-parameters.js';
import { PERSON_TRAITS } from './traits.js';

/** As many event names are told by their own counts. */
const MAX_COUNTS = 100;
/** As many are shown of what a person may have any number of. */
const MAX_SHOWN = 1_000;

/** One of the users who are a person. Moments are ISO 8601, traits JSON. */
export interface IdentityRow {
  kind: UserKind;
  id: string;
  /** Their own. */
  traits: string;
  createdAt: string;
  /** Null for the person's own user. */
  merge: number | null;
  since: string | null;
  mergedBy: string | null;
}

export interface GroupRow {
  id: string;
  traits: string;
  since: string;
}

/** What the raw events of a person come to. */
export interface EventCounts {
  events: number;
  firstSeen: string | null;
  lastSeen: string | null;
  /** Of each event name, the most first. */
  byName: [name: string, count: number][];
  /** Names that have no place among those. */
  namesOmitted: number;
}

/** All that is known of one person. */
export interface Profile {
  kind: UserKind;
  id: string;
  traits: string;
  createdAt: string;
  /** The person's own user first. */
  identities: IdentityRow[];
  identityCount: number;
  groups: GroupRow[];
  groupCount: number;
  counts: EventCounts;
  /** Newest first. */
  recent: EventRow[];
}

interface PersonRow {
  seq: number;
  kind: UserKind;
  id: string;
  traits: string;
  createdAt: string;
}

/**
 * @param horizons events below are about to be removed, and don't count any more
 * @throws UnknownUserError
 */
export async function runUser(
  client: ClientBase,
  query: UserQuery,
  horizons: Horizons,
): Promise<Profile> {
  const person = await findPerson(client, query);
  if (!person) throw new UnknownUserError(query.kind);
  const { seq, ...own } = person;
  const seqs = await readSeqs(client, seq);
  const counts = await countEvents(client, seqs, horizons);
  return {
    ...own,
    identities: await readIdentities(client, seq),
    identityCount: seqs.length,
    ...(await readGroups(client, seqs)),
    counts,
    recent: counts.events > 0 ? await readRecent(client, seqs, counts, query.limit) : [],
  };
}

/** Whom an id means: an anonymous user who was merged is the known one. */
async function findPerson(
  client: ClientBase,
  { id, kind }: UserQuery,
): Promise<PersonRow | undefined> {
  // No user's id has it, and no text of the database may.
  if (id.includes('\0')) return undefined;
  const { rows } = await client.query<PersonRow>(
    `SELECT person.seq, person.kind::text AS kind, person.id, person.traits::text AS traits,
       ${momentSql('person.created_at')} AS "createdAt"
     FROM users AS given
     LEFT JOIN merges ON merges.anonymous_seq = given.seq AND merges.undone_at IS NULL
     JOIN LATERAL (
       SELECT seq, kind, id, ${PERSON_TRAITS} AS traits, created_at FROM users
       WHERE users.seq = coalesce(merges.known_seq, given.seq)
     ) AS person ON true
     WHERE given.kind = $1 AND given.id = $2`,
    [kind, id],
  );
  return rows[0];
}

/** The numbers of all users who are a person. */
async function readSeqs(client: ClientBase, seq: number): Promise<number[]> {
  const { rows } = await client.query<{ seqs: number[] }>(
    `SELECT ARRAY(SELECT anonymous_seq FROM merges WHERE known_seq = $1 AND undone_at IS NULL) AS seqs`,
    [seq],
  );
  return [seq, ...rows[0]!.seqs];
}

async function readIdentities(client: ClientBase, seq: number): Promise<IdentityRow[]> {
  const { rows } = await client.query<IdentityRow>(
    `SELECT users.kind::text AS kind, users.id, users.traits::text AS traits,
       ${momentSql('users.created_at')} AS "createdAt", merge,
       ${momentSql('since')} AS since, merged_by AS "mergedBy"
     FROM (
       SELECT $1::integer AS seq, NULL::integer AS merge, NULL::timestamptz AS since,
         NULL AS merged_by
       UNION ALL
       SELECT anonymous_seq, id, since, merged_by FROM merges
       WHERE known_seq = $1 AND undone_at IS NULL
     ) AS identities JOIN users USING (seq)
     ORDER BY merge NULLS FIRST LIMIT $2`,
    [seq, MAX_SHOWN],
  );
  return rows;
}

async function readGroups(
  client: ClientBase,
  seqs: readonly number[],
): Promise<Pick<Profile, 'groups' | 'groupCount'>> {
  const { rows } = await client.query<GroupRow & { total: number }>(
    `SELECT groups.id, groups.traits::text AS traits, ${momentSql('since')} AS since,
       total::float8 AS total
     FROM (
       SELECT group_seq, min(since) AS since, count(*) OVER () AS total
       FROM memberships WHERE user_seq = ANY ($1::integer[]) GROUP BY group_seq
     ) AS joined JOIN groups ON groups.seq = joined.group_seq
     ORDER BY groups.id LIMIT $2`,
    [seqs, MAX_SHOWN],
  );
  return {
    groups: rows,
    groupCount: rows[0]?.total ?? 0,
  };
}

async function countEvents(
  client: ClientBase,
  seqs: readonly number[],
  horizons: Horizons,
): Promise<EventCounts> {
  const isAnyGone = Number.isFinite(horizons.latest());
  const { rows } = await client.query<{
    name: string;
    count: number;
    events: number;
    names: number;
    first: string;
    last: string;
  }>(
    `SELECT event_names.name, count::float8 AS count, (sum(count) OVER ())::float8 AS events,
       (count(*) OVER ())::float8 AS names, ${momentSql('min(first) OVER ()')} AS first,
       ${momentSql('max(last) OVER ()')} AS last
     FROM (
       SELECT name_id, count(*) AS count, min(time) AS first, max(time) AS last FROM events
       WHERE user_seq = ANY ($1::integer[]) AND name_id > 0
         ${isAnyGone ? `AND time >= $3 AND ${IS_KEPT}` : ''}
       GROUP BY name_id
     ) AS counted JOIN event_names ON event_names.id = name_id
     ORDER BY counted.count DESC, event_names.name LIMIT $2`,
    [seqs, MAX_COUNTS, ...(isAnyGone ? [timeText(horizons.latestMs([]))] : [])],
  );
  const [most] = rows;
  return {
    events: most?.events ?? 0,
    firstSeen: most?.first ?? null,
    lastSeen: most?.last ?? null,
    byName: rows.map(({ name, count }) => [name, count]),
    namesOmitted: (most?.names ?? 0) - rows.length,
  };
}

/** Of each user by the index, which has no order of several. */
async function readRecent(
  client: ClientBase,
  seqs: readonly number[],
  { firstSeen, lastSeen }: EventCounts,
  limit: number,
): Promise<EventRow[]> {
  const parameters = new SqlParameters();
  const most = parameters.bind(limit, 'integer');
  // The moments let the table's parts be left out, and what is later than the last event.
  const page = `
    SELECT latest.*
    FROM unnest(${parameters.bind(seqs, 'integer[]')}) AS given (seq),
    LATERAL (
      SELECT * FROM events WHERE events.user_seq = given.seq AND events.name_id > 0
        AND events.time >= ${parameters.bind(firstSeen, 'timestamptz')} AND ${IS_KEPT}
        AND events.time < ${parameters.bind(lastSeen, 'timestamptz')} + interval '1 millisecond'
      ORDER BY ${orderOfEvents('events', 'DESC')} LIMIT ${most}
    ) AS latest
    ORDER BY ${orderOfEvents('latest', 'DESC')} LIMIT ${most}`;
  return await readEventRows(client, page, 'DESC', parameters);
}
