import type { ClientBase } from 'pg';
import type { DataSet } from './data-sets.js';

/** Rows of one statement: as large as it can be without a transaction's lists getting in the way. */
const ROWS_AT_ONCE = 200_000;

/** A prime larger than any number of users, so that multiples of it visit each of them. */
const SCATTER = 2_147_483_629;

/** From 0 to below 1, the same for the same row and seed. */
const unit = (row: string, seed: string): string =>
  `((hashint8extended(${row}, ${seed}) & 9007199254740991)::float8 / 9007199254740992)`;

/*
 * Rows $1 to $2 of $3. A row's place in time is its number, not its luck, bent by a sine: the rate
 * rises and falls while the order stays. The rank of a user is (users + 1) ^ u, u from 0 to 1, whose
 * probability is that of Zipf's law: log(1 + 1 / rank) / log(users + 1), near 1 / rank. Ranks are
 * scattered over the users, since who came first needn't come often.
 */
const INSERT_ROWS = `
  INSERT INTO events (time, id, user_seq, name_id, properties)
  SELECT
    date_trunc('milliseconds', to_timestamp($4::float8 + $5::float8 *
      (place + $7::float8 / (2 * pi() * $6::float8) * sin(2 * pi() * $6::float8 * place)))),
    md5($11::bigint::text || ':' || row_number::text)::uuid,
    $9::integer + (rank * ${SCATTER} % $8::bigint)::integer,
    CASE WHEN hashint8extended(row_number, $11::bigint + 3) % 10 = 0
      THEN $12::integer ELSE $13::integer END,
    CASE WHEN row_number % 10 = 3
      THEN jsonb_build_object('x', (row_number / 10 % 10)::text) END
  FROM (
    SELECT row_number,
      (row_number + ${unit('row_number', '$11::bigint + 1')}) / $3::float8 AS place,
      CASE WHEN $10::bigint > 0 AND row_number % greatest($10::bigint, 1) = 0
        THEN row_number / $10::bigint
        ELSE floor(power($8::float8 + 1, ${unit('row_number', '$11::bigint + 2')}))::bigint
      END AS rank
    FROM generate_series($1::bigint, $2::bigint) AS row_number
  ) AS ranked`;

/** What rows refer to. */
interface Numbers {
  /** Of the users, who are consecutive. */
  firstUser: number;
  click: number;
  impression: number;
}

/** Makes a data set; the same each time. In the order of time, as events come. */
export async function generate(
  client: ClientBase,
  data: DataSet,
  { firstUser, click, impression }: Numbers,
): Promise<void> {
  // What is made again in minutes needn't be waited for on the disk.
  await client.query('SET synchronous_commit = off');
  const seconds = [data.from / 1_000, (data.to - data.from) / 1_000];
  const users = [data.users, firstUser, data.turnEvery, data.seed];
  for (let first = 0; first < data.events; first += ROWS_AT_ONCE) {
    const last = Math.min(first + ROWS_AT_ONCE, data.events) - 1;
    const place = [first, last, data.events, ...seconds, data.waves, data.rhythm];
    await client.query(INSERT_ROWS, [...place, ...users, click, impression]);
  }
  await client.query('RESET synchronous_commit');
}

/** As many known users as are needed, whoever was there before. @returns the number of the first */
export async function createUsers(client: ClientBase, count: number): Promise<number> {
  await client.query(
    `INSERT INTO users (kind, id)
     SELECT 'known', 'u-' || number FROM generate_series(
       (SELECT count(*) FROM users WHERE kind = 'known'), $1::bigint - 1) AS number`,
    [count],
  );
  const { rows } = await client.query<{ first: number; dense: boolean }>(
    `SELECT min(seq) AS first, max(seq) - min(seq) + 1 = count(*) AS dense
     FROM users WHERE kind = 'known'`,
  );
  if (!rows[0]!.dense) throw new Error('The numbers of the users have gaps');
  return rows[0]!.first;
}
