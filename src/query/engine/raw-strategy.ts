import type { ClientBase } from 'pg';
import { readIntegers, timeText } from '../../rollup/sql-values.js';
import { UserSet } from '../../rollup/user-set.js';
import { EVENT_COLUMNS, eventConditions, eventTables } from './events-sql.js';
import { valueSql } from './filter-sql.js';
import type { Counter } from './names.js';
import type { Collected, Group, Plan } from './plan.js';
import { expectRaw, expectWithin, tooLong, type QueryLimits } from './refusals.js';
import { streamRows } from './row-stream.js';
import { allowScans, type Snapshot } from './snapshot.js';
import { SqlParameters } from './sql-parameters.js';

/** Of all values that rows are told apart by, in characters: each is in the answer, and in memory. */
const MAX_VALUES_LENGTH = 32 * 1024 * 1024;

/** What stands for a bucket: before the range, and what is only counted. */
const HISTORY = -1;
const BOTS = -2;

/** Collects from raw events: properties are nowhere else. */
export class RawStrategy {
  /** For the answer to tell. */
  rawRows = 0;

  constructor(
    private readonly client: ClientBase,
    private readonly snapshot: Snapshot,
    private readonly limits: QueryLimits,
  ) {}

  /**
   * @param estimate how many events there are in the range, and before it where history is needed
   * @throws RefusedQueryError where raw events are gone, or it's too much
   */
  async collect(plan: Plan, estimate: number): Promise<Collected> {
    const { horizons, firstMs } = this.snapshot;
    const from = plan.needsHistory ? Math.min(plan.range.from, firstMs) : plan.range.from;
    expectRaw(from, horizons, plan.sources);
    expectWithin('raw_rows', estimate, this.limits.maxRawRows);
    const parameters = new SqlParameters();
    const all: Group[] = [];
    let bytes = 0;
    let botEventsLeftOut = 0;
    const text = groupsSql(plan, from, parameters);
    await allowScans(this.client);
    // One row after the other: sets of users are large as texts.
    await streamRows(this.client, text, parameters.values, (row) => {
      for (const value of row.slice(1, 1 + plan.fields.length)) bytes += value?.length ?? 0;
      if (bytes > MAX_VALUES_LENGTH) throw tooLong(bytes);
      const group = toGroup(row, plan);
      if (group.bucket === BOTS) {
        botEventsLeftOut = group.counts[0]!;
        return;
      }
      all.push(group);
      expectWithin('result_rows', all.length, this.limits.maxResultRows);
    });
    const groups = all.filter(({ bucket }) => bucket >= 0);
    const history = all.filter(({ bucket }) => bucket === HISTORY);
    this.rawRows += estimate;
    return {
      groups,
      history,
      total: await sum(groups, plan.counters),
      historyTotal: plan.needsHistory ? await sum(history, plan.counters) : undefined,
      botEventsLeftOut,
    };
  }
}

/**
 * Bucket, values of the fields, counts, how many are nobody's, users: all as text. Values are grouped
 * as JSON: 1 is 1.0.
 */
function groupsSql(plan: Plan, from: number, parameters: SqlParameters): string {
  const { range, starts, fields, filters, counters, includeBots, needsUsers } = plan;
  const every = [...filters.name, ...filters.source, ...filters.trait, ...filters.mixed];
  // 0 is before the range.
  const bounds = [range.from, ...starts.slice(1)].map(timeText);
  const ofPeople = `width_bucket(events.time, ${parameters.bind(bounds, 'timestamptz[]')}) - 1`;
  const bucket = includeBots ? ofPeople : `CASE WHEN events.bot THEN ${BOTS} ELSE ${ofPeople} END`;
  const values = fields.map(({ field }) => {
    const value = valueSql(field, EVENT_COLUMNS, parameters);
    // Bots that are left out are one group.
    return includeBots ? value : `CASE WHEN NOT events.bot THEN ${value} END`;
  });
  const rangeStart = (): string => parameters.bind(timeText(range.from), 'timestamptz');
  const ofRange = includeBots ? 'true' : `(NOT events.bot OR events.time >= ${rangeStart()})`;
  const keys = ['bucket', ...fields.map((_, index) => `value_${index}`)];
  const counts = counters.map((counter) => countSql(counter, parameters));
  // By user first: an array of each event's user could be larger than the database allows.
  const byUser = needsUsers ? [...keys, 'user_seq'] : keys;
  const users = needsUsers
    ? `array_agg(user_seq) FILTER (WHERE user_seq > 0 AND bucket > ${BOTS})`
    : 'NULL';
  return `
    SELECT ${[
      ...keys.map((key) => `${key}::text`),
      ...counts.map((_, index) => `sum(count_${index})::text`),
      'sum(nobody)::text',
      `(${users})::text`,
    ].join(', ')}
    FROM (
      SELECT ${[...byUser, ...counts.map((count, index) => `${count} AS count_${index}`)].join(', ')},
        count(*) FILTER (WHERE user_seq = 0) AS nobody
      FROM (
        SELECT events.user_seq, events.name_id,
          ${[bucket, ...values].map((value, index) => `${value} AS ${keys[index]}`).join(', ')}
        FROM ${eventTables({ filters: every, fields })}
        WHERE ${eventConditions({ from, to: range.to }, { filters: every, bots: 'all' }, parameters)}
          AND ${ofRange}
      ) AS matching
      GROUP BY ${byUser.join(', ')}
    ) AS of_users
    GROUP BY ${keys.join(', ')}`;
}

function countSql({ names }: Counter, parameters: SqlParameters): string {
  if (names === 'all') return 'count(*)';
  const ids = parameters.bind([...names], 'integer[]');
  return `count(*) FILTER (WHERE name_id = ANY (${ids}))`;
}

function toGroup(row: readonly (string | null)[], { fields, counters, needsUsers }: Plan): Group {
  const users = needsUsers ? UserSet.of(readIntegers(row.at(-1)!)) : UserSet.empty();
  return {
    bucket: Number(row[0]),
    fields: row
      .slice(1, 1 + fields.length)
      .map((text) => (text === null ? null : (JSON.parse(text) as unknown))),
    counts: row.slice(1 + fields.length, 1 + fields.length + counters.length).map(Number),
    nobody: Number(row.at(-2)),
    userCount: undefined,
    users: () => Promise.resolve(users),
  };
}

/** Every event is in one group. */
async function sum(groups: readonly Group[], counters: readonly Counter[]): Promise<Group> {
  const users = UserSet.empty();
  const counts = counters.map(() => 0);
  let nobody = 0;
  for (const group of groups) {
    users.add(await group.users());
    nobody += group.nobody;
    for (const [index, count] of group.counts.entries()) counts[index]! += count;
  }
  return {
    bucket: 0,
    fields: [],
    counts,
    nobody,
    userCount: undefined,
    users: () => Promise.resolve(users),
  };
}
