import { momentSql } from '../query/engine/run-users.js';
import { PERSON_TRAITS } from '../query/engine/traits.js';

/*
 * Each is a statement that takes the numbers of a person's users, the person's own first, and answers
 * one column, `line`: an item as JSON. Of others who are named, such as somebody whom an anonymous user
 * was taken for, the id isn't told.
 */

/** The number of a user, as their id where they are of the person. */
const ownId = (seq: string): string =>
  `(SELECT users.id FROM users WHERE users.seq = ${seq} AND users.seq = ANY ($1::integer[]))`;

/** One row: what the answer begins with. */
export const PERSON = `
  SELECT json_build_object('id', id, 'kind', kind, 'traits', ${PERSON_TRAITS},
    'created_at', ${momentSql('created_at')})::text AS line
  FROM users WHERE seq = ($1::integer[])[1]`;

export const IDENTITIES = `
  SELECT json_build_object('id', users.id, 'kind', users.kind, 'traits', users.traits,
    'trait_times', users.trait_times, 'created_at', ${momentSql('users.created_at')})::text AS line
  FROM unnest($1::integer[]) WITH ORDINALITY AS given (seq, place) JOIN users USING (seq)
  ORDER BY place`;

export const GROUPS = `
  SELECT json_build_object('id', groups.id, 'traits', groups.traits,
    'member', members.id, 'since', ${momentSql('since')})::text AS line
  FROM memberships JOIN groups ON groups.seq = group_seq JOIN users AS members ON members.seq = user_seq
  WHERE user_seq = ANY ($1::integer[]) ORDER BY groups.id, user_seq`;

export const MERGES = `
  SELECT json_build_object('id', merges.id, 'anonymous', ${ownId('anonymous_seq')},
    'known', ${ownId('known_seq')}, 'since', ${momentSql('since')}, 'merged_by', merged_by,
    'undone_at', ${momentSql('undone_at')}, 'undone_by', undone_by)::text AS line
  FROM merges WHERE anonymous_seq = ANY ($1::integer[]) OR known_seq = ANY ($1::integer[])
  ORDER BY merges.id`;

export const REFUSED_MERGES = `
  SELECT json_build_object('from', ${ownId('from_seq')}, 'into', ${ownId('into_seq')},
    'reason', reason, 'times', times, 'first_at', ${momentSql('first_at')},
    'last_at', ${momentSql('last_at')}, 'refused_by', refused_by)::text AS line
  FROM merge_refusals WHERE from_seq = ANY ($1::integer[]) OR into_seq = ANY ($1::integer[])
  ORDER BY first_at, from_seq, into_seq`;

/** Raw ones, the oldest first. Numbers in properties stay as they were stored. */
export const EVENTS = `
  SELECT json_build_object('timestamp', ${momentSql('page.time')}, 'user', owner.id,
    'anonymous', owner.kind = 'anonymous', 'event', event_names.name, 'id', page.id,
    'source', sources.name, 'bot', page.bot, 'properties', page.properties)::text AS line
  FROM (
    SELECT * FROM events WHERE user_seq = ANY ($1::integer[]) AND name_id > 0
  ) AS page
  JOIN event_names ON event_names.id = page.name_id
  JOIN sources ON sources.id = page.source_id
  JOIN users AS owner ON owner.seq = page.user_seq
  ORDER BY page.time, page.id, page.user_seq`;
