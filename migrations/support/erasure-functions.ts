export const ERASURE_FUNCTION_NAMES = [
  'record_events',
  'record_living_profiles',
  'refuse_erased_numbers',
  'resolve_living_users',
  'erasure_moments',
  'erasure_hash',
];

/*
 * Whoever creates users or stores events of theirs holds `tombstones` in ROW SHARE mode until the end
 * of the transaction, and looks into it after that; whoever erases takes it in EXCLUSIVE mode first. So
 * what is stored is either there for the erasure to see, or sees the tombstone. LOCK takes no snapshot:
 * what is read after it is from after the wait.
 */
export const ERASURE_FUNCTIONS = [
  // HMAC-SHA-256 of the kind and the id.
  `CREATE FUNCTION erasure_hash(kind user_kind, id text) RETURNS bytea LANGUAGE sql STABLE
  SET search_path FROM CURRENT AS $$
    SELECT sha256(outer_block || sha256(inner_block || convert_to(kind::text || ':' || id, 'UTF8')))
    FROM erasure_key
  $$`,
  // Before when events of each id are refused, in order: NULL for who wasn't erased, and in place of
  // all of them where nobody was.
  `CREATE FUNCTION erasure_moments(user_ids text[], user_kinds user_kind[]) RETURNS timestamptz[]
  LANGUAGE plpgsql VOLATILE SET search_path FROM CURRENT SET enable_seqscan = off AS $$
  BEGIN
    IF NOT EXISTS (SELECT FROM tombstones) THEN RETURN NULL; END IF;
    RETURN ARRAY(
      SELECT CASE WHEN given.id IS NOT NULL THEN (
        SELECT tombstones.erased_before FROM tombstones
        WHERE hash = erasure_hash(coalesce(given.kind, 'known'), given.id)
          AND expires_at > clock_timestamp()
      ) END
      FROM unnest(user_ids, user_kinds) WITH ORDINALITY AS given (id, kind, place) ORDER BY place
    );
  END
  $$`,
  // As resolve_users, but for who was erased: with no event since then, as the newest ones tell, they
  // aren't created, and have the number 0. It answers the moments, too.
  `CREATE FUNCTION resolve_living_users(
    user_ids text[], user_kinds user_kind[], newest timestamptz[],
    OUT numbers integer[], OUT moments timestamptz[]
  ) LANGUAGE plpgsql VOLATILE SET search_path FROM CURRENT AS $$
  BEGIN
    LOCK TABLE tombstones IN ROW SHARE MODE;
    moments := erasure_moments(user_ids, user_kinds);
    IF moments IS NULL THEN
      numbers := resolve_users(user_ids, user_kinds);
      RETURN;
    END IF;
    numbers := resolve_users(ARRAY(
      SELECT CASE WHEN given.moment IS NULL OR given.time >= given.moment THEN given.id END
      FROM unnest(user_ids, newest, moments) WITH ORDINALITY AS given (id, time, moment, place)
      ORDER BY place
    ), user_kinds);
  END
  $$`,
  // A number may be remembered from before its user was erased: asked for again, there's another, or a
  // reason to refuse the event. Hence the code, by which writers try again.
  `CREATE FUNCTION refuse_erased_numbers() RETURNS trigger LANGUAGE plpgsql
  SET search_path FROM CURRENT AS $$
  BEGIN
    LOCK TABLE tombstones IN ROW SHARE MODE;
    IF EXISTS (SELECT FROM erased_numbers) AND EXISTS (
      SELECT FROM inserted WHERE (
        SELECT erased_numbers.user_seq FROM erased_numbers
        WHERE erased_numbers.user_seq = inserted.user_seq
      ) IS NOT NULL
    ) THEN
      RAISE EXCEPTION 'the number of a user who was erased'
        USING ERRCODE = '40001', CONSTRAINT = 'events_of_living_users';
    END IF;
    RETURN NULL;
  END
  $$`,
  `CREATE TRIGGER events_insert_erased AFTER INSERT ON events
  REFERENCING NEW TABLE AS inserted
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_erased_numbers()`,
  // As record_profiles; answers whose were left out, since they were erased after the time of them.
  `CREATE FUNCTION record_living_profiles(
    user_ids text[], user_kinds user_kind[], times timestamptz[], changes jsonb[]
  ) RETURNS boolean[] LANGUAGE plpgsql VOLATILE SET search_path FROM CURRENT SET lock_timeout = '5s' AS $$
  DECLARE
    moments timestamptz[];
  BEGIN
    LOCK TABLE tombstones IN ROW SHARE MODE;
    moments := erasure_moments(user_ids, user_kinds);
    PERFORM record_profiles(
      coalesce(array_agg(id ORDER BY place), '{}'), coalesce(array_agg(kind ORDER BY place), '{}'),
      coalesce(array_agg(change ORDER BY place), '{}'))
    FROM unnest(user_ids, user_kinds, times, changes, moments) WITH ORDINALITY
      AS given (id, kind, time, change, moment, place)
    WHERE moment IS NULL OR time >= moment;
    RETURN ARRAY(
      SELECT coalesce(time < moment, false)
      FROM unnest(times, moments) WITH ORDINALITY AS given (time, moment, place) ORDER BY place
    );
  END
  $$`,
  // Around the function of before: what is older than its user's erasure doesn't reach that.
  `CREATE FUNCTION record_events(
    times timestamptz[],
    user_ids text[],
    names text[],
    ids uuid[] DEFAULT NULL,
    user_kinds user_kind[] DEFAULT NULL,
    source_names text[] DEFAULT NULL,
    bots boolean[] DEFAULT NULL,
    properties jsonb[] DEFAULT NULL,
    source_limit integer DEFAULT 1000
  ) RETURNS TABLE (index integer, event_id uuid, status text)
  LANGUAGE plpgsql VOLATILE SET search_path FROM CURRENT AS $$
  #variable_conflict use_column
  DECLARE
    total integer := cardinality(times);
    living integer[];
  BEGIN
    LOCK TABLE tombstones IN ROW SHARE MODE;
    IF cardinality(user_ids) <> total OR cardinality(names) <> total
      OR cardinality(ids) <> total OR cardinality(user_kinds) <> total
      OR cardinality(source_names) <> total OR cardinality(bots) <> total
      OR cardinality(properties) <> total
    THEN
      -- Which says what is wrong with them.
      living := NULL;
    ELSE
      living := ARRAY(
        SELECT place::integer
        FROM unnest(times, erasure_moments(user_ids, user_kinds)) WITH ORDINALITY
          AS given (time, moment, place)
        WHERE moment IS NULL OR coalesce(time, clock_timestamp()) >= moment ORDER BY place
      );
    END IF;
    IF (cardinality(living) = total) IS NOT FALSE THEN
      RETURN QUERY SELECT * FROM record_living_events(
        times, user_ids, names, ids, user_kinds, source_names, bots, properties, source_limit);
      RETURN;
    END IF;
    RETURN QUERY
    WITH kept AS (
      SELECT array_agg(times[place] ORDER BY nth) AS times,
        array_agg(user_ids[place] ORDER BY nth) AS user_ids,
        array_agg(names[place] ORDER BY nth) AS names,
        array_agg(ids[place] ORDER BY nth) AS ids,
        array_agg(user_kinds[place] ORDER BY nth) AS user_kinds,
        array_agg(source_names[place] ORDER BY nth) AS source_names,
        array_agg(bots[place] ORDER BY nth) AS bots,
        array_agg(properties[place] ORDER BY nth) AS properties
      FROM unnest(living) WITH ORDINALITY AS kept_places (place, nth)
      HAVING count(*) > 0
    ), recorded AS MATERIALIZED (
      SELECT recorded.index, recorded.event_id, recorded.status
      FROM kept, record_living_events(kept.times, kept.user_ids, kept.names, kept.ids,
        kept.user_kinds, kept.source_names, kept.bots, kept.properties, source_limit) AS recorded
    )
    SELECT (given.place - 1)::integer, coalesce(recorded.event_id, given.id, uuid_v7()),
      coalesce(recorded.status, 'erased')
    FROM unnest(times, ids) WITH ORDINALITY AS given (time, id, place)
    LEFT JOIN unnest(living) WITH ORDINALITY AS kept_places (place, nth)
      ON kept_places.place = given.place
    LEFT JOIN recorded ON recorded.index = kept_places.nth - 1
    ORDER BY given.place;
  END
  $$`,
];
