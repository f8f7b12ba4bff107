export const FUNCTION_NAMES = [
  'record_profiles',
  'apply_identities',
  'undo_merge',
  'join_groups',
  'merge_aliases',
  'merge_users',
  'resolve_aliases',
  'set_claims',
  'set_traits_once',
  'set_traits',
  'refresh_alias_traits',
  'check_traits',
];

/*
 * Whoever changes identities holds the one row of merges_version until the end of the transaction,
 * so each change sees all that was before: two merges at once can't both be the first. Who holds it
 * waits for nobody but those who create the same users at this moment, in the order of resolve_users.
 */
export const FUNCTIONS = [
  // A removed key keeps its time, and with it its place among the 1,000. As text a value may take
  // thirty times as much as it does packed: what is small needs no closer look.
  `CREATE FUNCTION check_traits(traits jsonb, trait_times jsonb, of_user integer) RETURNS void
  LANGUAGE plpgsql
  IMMUTABLE AS $$
  BEGIN
    IF pg_column_size(traits) < 4096 AND pg_column_size(trait_times) < 4096 THEN RETURN; END IF;
    IF (SELECT count(*) FROM jsonb_object_keys(trait_times)) > 1000
      OR octet_length(traits::text) > 131072 OR octet_length(trait_times::text) > 262144
    THEN
      RAISE EXCEPTION 'at most 1,000 traits, of 128 KB in all'
        USING ERRCODE = '22023', CONSTRAINT = 'traits_limit',
          DETAIL = coalesce(of_user::text, '');
    END IF;
  END
  $$`,
  // Of each key the newest word among the aliases merged last, where the person's own row says
  // nothing, and no more than a user of their own may have. Bounded, since others wait meanwhile.
  `CREATE FUNCTION refresh_alias_traits(people integer[]) RETURNS void LANGUAGE plpgsql VOLATILE
  SET search_path FROM CURRENT SET enable_seqscan = off SET enable_bitmapscan = off AS $$
  BEGIN
    WITH aliases AS (
      SELECT person, latest.id, anonymous_seq
      FROM (SELECT DISTINCT unnest(people) AS person) AS named, LATERAL (
        SELECT id, anonymous_seq FROM merges WHERE known_seq = person AND undone_at IS NULL
        ORDER BY id DESC LIMIT 1000
      ) AS latest
    ), sized AS (
      SELECT person, aliases.id, traits, trait_times, coalesce(
        sum(pg_column_size(traits) + pg_column_size(trait_times)) OVER (
          PARTITION BY person ORDER BY aliases.id DESC
          ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ), 0) AS bytes_before
      FROM aliases JOIN users ON seq = anonymous_seq
      WHERE traits <> '{}' OR trait_times <> '{}'
    ), had AS MATERIALIZED (
      -- Appending nothing unpacks them once, rather than for each key.
      SELECT person, id, traits || '{}' AS traits, trait_times || '{}' AS times
      FROM sized WHERE bytes_before < 262144
    ), newest AS (
      SELECT DISTINCT ON (person, key) person, key, traits -> key AS value,
        (times -> key)::bigint AS at_ms
      FROM had, jsonb_object_keys(traits || times) AS key
      ORDER BY person, key, (times -> key)::bigint DESC NULLS LAST, id DESC
    ), own AS MATERIALIZED (
      SELECT seq, trait_times || '{}' AS times
      FROM (SELECT DISTINCT unnest(people) AS person) AS named JOIN users ON seq = person
    ), counted AS (
      SELECT person, key, value,
        sum(octet_length(key) + octet_length(value::text)) OVER latest AS bytes,
        row_number() OVER latest AS place
      FROM newest JOIN own ON seq = person WHERE value IS NOT NULL AND NOT times ? key
      WINDOW latest AS (PARTITION BY person ORDER BY at_ms DESC NULLS LAST, key)
    ), kept AS (
      SELECT seq, coalesce(jsonb_object_agg(key, value) FILTER (WHERE key IS NOT NULL), '{}') AS traits
      FROM own LEFT JOIN counted ON person = seq AND bytes <= 131072 AND place <= 1000
      GROUP BY seq
    )
    UPDATE users SET alias_traits = kept.traits FROM kept
    WHERE users.seq = kept.seq AND users.alias_traits <> kept.traits;
  END
  $$`,
  // All at once what would be so one by one: of each user's key the newest counts, of equally new
  // ones the last. What a person's own row says of a key counts over what aliases say, its removal
  // too. Answers who was changed.
  `CREATE FUNCTION set_traits(user_seqs integer[], changes jsonb[]) RETURNS integer[]
  LANGUAGE plpgsql VOLATILE SET search_path FROM CURRENT SET enable_seqscan = off AS $$
  DECLARE
    changed_seqs integer[];
  BEGIN
    WITH newest AS (
      SELECT DISTINCT ON (for_seq, key) for_seq, key, value, (change -> 'at')::bigint AS at_ms
      FROM unnest(user_seqs, changes) WITH ORDINALITY AS given (for_seq, change, place),
        jsonb_each(change -> 'traits')
      ORDER BY for_seq, key, (change -> 'at')::bigint DESC, place DESC
    ), had AS MATERIALIZED (
      -- Appending nothing unpacks it once, rather than for each key.
      SELECT seq, trait_times || '{}' AS times
      FROM (SELECT DISTINCT for_seq FROM newest) AS named JOIN users ON seq = for_seq
    ), fresh AS (
      SELECT seq, jsonb_object_agg(key, value) AS traits, jsonb_object_agg(key, at_ms) AS times,
        coalesce(array_agg(key) FILTER (WHERE value = 'null'), '{}') AS removed
      FROM newest JOIN had ON seq = for_seq
      WHERE coalesce((times -> key)::bigint <= at_ms, true) GROUP BY seq
    ), updated AS (
      UPDATE users SET traits = (users.traits || fresh.traits) - removed,
        trait_times = trait_times || times,
        alias_traits = alias_traits - ARRAY(SELECT jsonb_object_keys(fresh.traits))
      FROM fresh WHERE users.seq = fresh.seq
        AND ((users.traits || fresh.traits) - removed, trait_times || times)
          IS DISTINCT FROM (users.traits, trait_times)
      RETURNING users.seq, check_traits(users.traits, trait_times, users.seq)
    )
    SELECT array_agg(seq) INTO changed_seqs FROM updated;
    RETURN coalesce(changed_seqs, '{}');
  END
  $$`,
  // Of traits that are only set where a user has none of that name, the first counts.
  `CREATE FUNCTION set_traits_once(user_seqs integer[], changes jsonb[]) RETURNS integer[]
  LANGUAGE plpgsql VOLATILE SET search_path FROM CURRENT SET enable_seqscan = off AS $$
  DECLARE
    seqs integer[];
    missing jsonb[];
  BEGIN
    SELECT array_agg(seq), array_agg(change) INTO seqs, missing FROM (
      SELECT DISTINCT ON (for_seq, key) for_seq AS seq,
        jsonb_build_object('traits', jsonb_build_object(key, value), 'at', given.change -> 'at') AS change
      FROM unnest(user_seqs, changes) WITH ORDINALITY AS given (for_seq, change, place),
        jsonb_each(given.change -> 'traits_once')
      WHERE NOT (SELECT users.traits ? key FROM users WHERE users.seq = for_seq)
      ORDER BY for_seq, key, place
    ) AS firsts;
    IF seqs IS NULL THEN RETURN '{}'; END IF;
    RETURN set_traits(seqs, missing);
  END
  $$`,
  // What a token says, with a time of its own. Where there is no room for it the event counts all the
  // same: whoever sends it can't change the token.
  `CREATE FUNCTION set_claims(user_seqs integer[], changes jsonb[]) RETURNS integer[]
  LANGUAGE plpgsql VOLATILE SET search_path FROM CURRENT SET enable_seqscan = off AS $$
  DECLARE
    claim record;
    changed_seqs integer[] := '{}';
  BEGIN
    FOR claim IN
      SELECT seq, jsonb_build_object('traits', change -> 'claims', 'at', change -> 'claims_at') AS said
      FROM unnest(user_seqs, changes) WITH ORDINALITY AS given (seq, change, place)
      WHERE change ? 'claims' ORDER BY place
    LOOP
      BEGIN
        changed_seqs := changed_seqs || set_traits(ARRAY[claim.seq], ARRAY[claim.said]);
      EXCEPTION WHEN invalid_parameter_value THEN
        NULL;
      END;
    END LOOP;
    RETURN changed_seqs;
  END
  $$`,
  // Creates the anonymous users that changes name. Of a previous user both kinds may be meant; one
  // that nobody had yet is taken for an anonymous user's. All at once, so that they are sorted.
  `CREATE FUNCTION resolve_aliases(changes jsonb[]) RETURNS void
  LANGUAGE plpgsql VOLATILE SET search_path FROM CURRENT SET enable_seqscan = off AS $$
  DECLARE
    ids text[] := ARRAY(
      SELECT change ->> 'anonymous' FROM unnest(changes) AS given (change) WHERE change ? 'anonymous'
      UNION
      SELECT change ->> 'previous' FROM unnest(changes) AS given (change) WHERE change ? 'previous'
        AND (SELECT seq FROM users WHERE kind = 'known' AND id = change ->> 'previous') IS NULL
    );
  BEGIN
    IF ids = '{}' THEN RETURN; END IF;
    PERFORM resolve_users(ids, array_fill('anonymous'::user_kind, ARRAY[cardinality(ids)]));
  END
  $$`,
  // An anonymous user belongs to the first person; what else is asked for is noted as refused. The
  // times are those of the lock, not of the transaction's beginning, so that they are in order.
  `CREATE FUNCTION merge_users(alias integer, person integer, by_whom text) RETURNS text
  LANGUAGE plpgsql VOLATILE SET search_path FROM CURRENT AS $$
  DECLARE
    current integer;
    refusal text;
  BEGIN
    SELECT known_seq INTO current FROM merges WHERE anonymous_seq = alias AND undone_at IS NULL;
    IF current = person THEN RETURN 'merged'; END IF;
    refusal := CASE
      WHEN alias = person THEN 'itself'
      WHEN (SELECT kind FROM users WHERE seq = alias) = 'known' THEN 'both_known'
      WHEN current IS NOT NULL THEN 'belongs_to_another'
    END;
    IF refusal IS NULL THEN
      INSERT INTO merges (anonymous_seq, known_seq, since, merged_by)
      VALUES (alias, person, clock_timestamp(), by_whom);
      RETURN 'merged';
    END IF;
    INSERT INTO merge_refusals AS known (from_seq, into_seq, reason, first_at, last_at, refused_by)
    VALUES (alias, person, refusal, clock_timestamp(), clock_timestamp(), by_whom)
    ON CONFLICT (from_seq, into_seq) DO UPDATE SET reason = excluded.reason,
      times = known.times + 1, last_at = excluded.last_at, refused_by = excluded.refused_by;
    RETURN refusal;
  END
  $$`,
  // In order; answers the aliases that were asked for and weren't the person's before.
  `CREATE FUNCTION merge_aliases(user_seqs integer[], changes jsonb[]) RETURNS integer[]
  LANGUAGE plpgsql VOLATILE SET search_path FROM CURRENT SET enable_seqscan = off AS $$
  DECLARE
    link record;
    aliases integer[] := '{}';
  BEGIN
    FOR link IN
      SELECT alias, person, by_whom FROM (
        SELECT person, change ->> 'by' AS by_whom, place, part, coalesce(
          (SELECT seq FROM users WHERE kind = 'anonymous' AND id = change ->> part),
          (SELECT seq FROM users WHERE kind = 'known' AND id = change ->> part)
        ) AS alias
        FROM unnest(user_seqs, changes) WITH ORDINALITY AS given (person, change, place)
        CROSS JOIN (VALUES ('anonymous'), ('previous')) AS parts (part)
        WHERE change ? part
      ) AS links
      WHERE (SELECT known_seq FROM merges WHERE anonymous_seq = alias AND undone_at IS NULL)
        IS DISTINCT FROM person
      ORDER BY place, part
    LOOP
      PERFORM merge_users(link.alias, link.person, link.by_whom);
      aliases := aliases || link.alias;
    END LOOP;
    RETURN aliases;
  END
  $$`,
  // In order. A group has traits as a user has; a membership begins with the first word of it.
  `CREATE FUNCTION join_groups(user_seqs integer[], changes jsonb[]) RETURNS void
  LANGUAGE plpgsql VOLATILE SET search_path FROM CURRENT SET enable_seqscan = off AS $$
  DECLARE
    joining record;
    known record;
    checked text;
  BEGIN
    FOR joining IN
      SELECT seq, change ->> 'group' AS group_id, (change -> 'at')::bigint AS at_ms,
        coalesce(change -> 'group_traits', '{}') AS traits
      FROM unnest(user_seqs, changes) WITH ORDINALITY AS given (seq, change, place)
      WHERE change ? 'group' ORDER BY place
    LOOP
      INSERT INTO groups (id) SELECT joining.group_id
      WHERE NOT EXISTS (SELECT FROM groups WHERE groups.id = joining.group_id)
      ON CONFLICT DO NOTHING;
      SELECT * INTO STRICT known FROM groups WHERE groups.id = joining.group_id;
      UPDATE groups SET traits = (known.traits || fresh.traits) - removed,
        trait_times = known.trait_times || times
      FROM (
        SELECT jsonb_object_agg(key, value) AS traits, jsonb_object_agg(key, joining.at_ms) AS times,
          coalesce(array_agg(key) FILTER (WHERE value = 'null'), '{}') AS removed
        FROM jsonb_each(joining.traits)
        WHERE coalesce((known.trait_times -> key)::bigint <= joining.at_ms, true)
      ) AS fresh
      WHERE seq = known.seq AND fresh.traits IS NOT NULL
      RETURNING check_traits(groups.traits, groups.trait_times, NULL) INTO checked;
      -- Nobody belongs to no group.
      CONTINUE WHEN joining.seq = 0;
      INSERT INTO memberships AS had (user_seq, group_seq, since)
      VALUES (joining.seq, known.seq, to_timestamp(joining.at_ms / 1000.0))
      ON CONFLICT (user_seq, group_seq) DO UPDATE SET since = excluded.since
      WHERE had.since > excluded.since;
    END LOOP;
  END
  $$`,
  `CREATE FUNCTION undo_merge(merge_id integer, by_whom text) RETURNS boolean
  LANGUAGE plpgsql VOLATILE SET search_path FROM CURRENT AS $$
  DECLARE
    person integer;
  BEGIN
    PERFORM FROM merges_version FOR UPDATE;
    -- An update of nothing would tell all who remember merges that there are new ones.
    SELECT known_seq INTO person FROM merges WHERE id = merge_id AND undone_at IS NULL;
    IF NOT FOUND THEN RETURN false; END IF;
    UPDATE merges SET undone_at = clock_timestamp(), undone_by = by_whom WHERE id = merge_id;
    PERFORM refresh_alias_traits(ARRAY[person]);
    RETURN true;
  END
  $$`,
  // In order. Of a change each part may be missing: traits, the anonymous or previous user who is
  // this one, a group; at in milliseconds and by stand in each. The parts don't touch each other, so
  // that each kind is done at once; what a person has of aliases follows from the others.
  `CREATE FUNCTION apply_identities(user_seqs integer[], changes jsonb[]) RETURNS void
  LANGUAGE plpgsql VOLATILE SET search_path FROM CURRENT SET enable_seqscan = off AS $$
  DECLARE
    -- First aliases, then those whose they are.
    touched integer[];
  BEGIN
    PERFORM FROM merges_version FOR UPDATE;
    PERFORM resolve_aliases(changes);
    touched := merge_aliases(user_seqs, changes);
    touched := touched || set_traits(user_seqs, changes) || set_traits_once(user_seqs, changes);
    touched := touched || set_claims(user_seqs, changes);
    PERFORM join_groups(user_seqs, changes);
    touched := ARRAY(
      SELECT known_seq FROM unnest(touched) AS alias (seq)
      JOIN merges ON anonymous_seq = alias.seq AND undone_at IS NULL
      JOIN users ON users.seq = alias.seq
      WHERE users.traits <> '{}' OR users.trait_times <> '{}'
    );
    IF touched <> '{}' THEN PERFORM refresh_alias_traits(touched); END IF;
  END
  $$`,
  // Users of no event: created if new, with what is said of them. The lock is first, since who waits
  // for it mustn't hold users whom its holder may be about to create. Who can't have it tries again.
  `CREATE FUNCTION record_profiles(user_ids text[], user_kinds user_kind[], changes jsonb[])
  RETURNS void LANGUAGE plpgsql VOLATILE SET search_path FROM CURRENT SET lock_timeout = '5s' AS $$
  BEGIN
    PERFORM FROM merges_version FOR UPDATE;
    PERFORM apply_identities(resolve_users(user_ids, user_kinds), changes);
  END
  $$`,
];
