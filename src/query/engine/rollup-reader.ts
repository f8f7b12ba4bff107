import type { ClientBase } from 'pg';
import type { Grain, Run } from '../../rollup/grains.js';
import { keyText, type RollupKey } from '../../rollup/rollup-rows.js';
import { minuteText, readIntegers, timeText, toMinute } from '../../rollup/sql-values.js';
import { UserSet } from '../../rollup/user-set.js';
import type { Range } from '../language/query.js';
import type { SetCache } from './set-cache.js';

/** Which rows of the rollups, deltas and events are read: those of bots, too, to be counted. */
export interface Scope {
  /** Whether the users of bots' events are read. */
  includeBots: boolean;
  /** Undefined for all. */
  sources: readonly number[] | undefined;
  /** As rolled up, and 0 for the rows of all names. */
  rollupNames: readonly number[];
  /** As recorded; undefined for all. */
  rawNames: readonly number[] | undefined;
}

/** A row of the rollups without its users. */
export interface Head extends RollupKey {
  events: number;
  /** How many of them are nobody's. */
  nobody: number;
  userCount: number;
  version: string;
  /** That its users take, written down. */
  bytes: number;
}

/** Events that no rollup counts yet, or that are finer than a minute. */
export interface Leaf {
  sourceId: number;
  bot: boolean;
  nameId: number;
  events: number;
  /** How many of them are nobody's. */
  nobody: number;
  users: UserSet;
}

export interface DeltaLeaf extends Leaf {
  minute: number;
}

/** Reads what answers are made of, within the snapshot of a client's transaction. */
export class RollupReader {
  /** What was read, for the answer to tell. */
  readonly counts = { buckets: 0, deltas: 0, rawRows: 0 };

  constructor(
    private readonly client: ClientBase,
    private readonly cache: SetCache,
  ) {}

  /** How many rows of the rollups there are, counted to a limit. */
  async countHeads(runs: readonly Run[], scope: Scope, limit: number): Promise<number> {
    const { rows } = await this.client.query<{ count: string }>(
      `SELECT count(*) AS count FROM (SELECT 1 ${FROM_HEADS} LIMIT ${limit + 1}) AS heads`,
      headParameters(runs, scope),
    );
    return Number(rows[0]!.count);
  }

  async readHeads(runs: readonly Run[], scope: Scope): Promise<Head[]> {
    if (runs.length === 0) return [];
    const { rows } = await this.client.query<HeadRow>({
      name: 'rollup-heads',
      text: `SELECT rollups.grain, ${toMinute('rollups.bucket')}, rollups.source_id, rollups.bot,
        rollups.name_id, rollups.events, rollups.nobody, rollups.user_count, rollups.version,
        octet_length(rollups.users) ${FROM_HEADS}`,
      values: headParameters(runs, scope),
      rowMode: 'array',
    });
    this.counts.buckets += rows.length;
    return rows.map(
      ([
        grain,
        bucket,
        sourceId,
        bot,
        nameId,
        events,
        nobody,
        userCount,
        version,
        bytes,
      ]): Head => ({
        grain,
        bucket,
        sourceId,
        bot,
        nameId,
        events: Number(events),
        nobody: Number(nobody),
        userCount,
        version,
        bytes,
      }),
    );
  }

  /**
   * The users of rows, from memory where they are known.
   *
   * @returns by `keyText` of the row; not to be written into
   */
  async readUsers(heads: readonly Head[]): Promise<Map<string, UserSet>> {
    const found = new Map<string, UserSet>();
    // By its key, since the same row may be asked for by a bucket and by the total.
    const missing = new Map<string, Head>();
    for (const head of heads) {
      const key = keyText(head);
      const users = this.cache.get(key, head.version);
      if (users) found.set(key, users);
      else missing.set(key, head);
    }
    const wanted = [...missing.values()];
    for (let start = 0; start < wanted.length; start += SETS_AT_ONCE) {
      await this.fetchUsers(wanted.slice(start, start + SETS_AT_ONCE), found);
    }
    return found;
  }

  /** @param withUsers else nobody is read, but how many events there are */
  async readDeltas(
    from: number,
    to: number,
    scope: Scope,
    withUsers: boolean,
  ): Promise<DeltaLeaf[]> {
    if (from >= to) return [];
    const { rows } = await this.client.query<DeltaRow>({
      name: 'rollup-deltas',
      text: `SELECT ${toMinute('minute')}, source_id, bot, name_id, events, nobody,
          CASE WHEN $6 AND ($3 OR NOT bot) THEN users END::text
        FROM rollup_deltas WHERE minute >= $1 AND minute < $2
        AND ($4::smallint[] IS NULL OR source_id = ANY ($4))
        AND ($5::integer[] IS NULL OR name_id = ANY ($5))`,
      values: [
        minuteText(from),
        minuteText(to),
        scope.includeBots,
        scope.sources,
        scope.rawNames,
        withUsers,
      ],
      rowMode: 'array',
    });
    this.counts.deltas += rows.length;
    return rows.map(([minute, sourceId, bot, nameId, events, nobody, seqs]) => {
      const users = UserSet.of(readIntegers(seqs));
      return { minute, sourceId, bot, nameId, events, nobody, users };
    });
  }

  /**
   * By the index: statistics of a chunk that was just made would have all of it read.
   *
   * @returns what each range holds, in their order
   */
  async readRaw(ranges: readonly Range[], scope: Scope): Promise<Leaf[][]> {
    if (ranges.length === 0) return [];
    const leaves: Leaf[][] = [];
    if (ranges.length <= FEW_RANGES) {
      for (const range of ranges) leaves.push(...(await this.fetchRaw([range], scope)));
    } else {
      for (let start = 0; start < ranges.length; start += RANGES_AT_ONCE) {
        const some = ranges.slice(start, start + RANGES_AT_ONCE);
        leaves.push(...(await this.fetchRaw(some, scope)));
      }
    }
    return leaves;
  }

  private async fetchRaw(ranges: readonly Range[], scope: Scope): Promise<Leaf[][]> {
    const [first] = ranges;
    const isOne = ranges.length === 1;
    const { rows } = await this.client.query<RawRow>({
      text: isOne ? RAW_LEAVES : RAW_LEAVES_OF_MANY,
      values: [
        isOne ? timeText(first!.from) : ranges.map(({ from }) => timeText(from)),
        isOne ? timeText(first!.to) : ranges.map(({ to }) => timeText(to)),
        scope.includeBots,
        scope.sources,
        scope.rawNames,
      ],
      rowMode: 'array',
    });
    const leaves = ranges.map((): Leaf[] => []);
    for (const [place, sourceId, bot, nameId, events, nobody, users] of rows) {
      this.counts.rawRows += Number(events);
      const leaf = {
        sourceId,
        bot,
        nameId,
        events: Number(events),
        nobody: Number(nobody),
        users: UserSet.of(readIntegers(users)),
      };
      leaves[place]!.push(leaf);
    }
    return leaves;
  }

  private async fetchUsers(heads: readonly Head[], found: Map<string, UserSet>): Promise<void> {
    const { rows } = await this.client.query<[Grain, number, number, boolean, number, Buffer]>({
      text: `SELECT grain, ${toMinute('bucket')}, source_id, bot, name_id, users
        FROM unnest($1::smallint[], $2::timestamptz[], $3::smallint[], $4::boolean[], $5::integer[])
          AS wanted (grain, bucket, source_id, bot, name_id)
        JOIN rollups USING (grain, bucket, source_id, bot, name_id)`,
      values: [
        heads.map(({ grain }) => grain),
        heads.map(({ bucket }) => minuteText(bucket)),
        heads.map(({ sourceId }) => sourceId),
        heads.map(({ bot }) => bot),
        heads.map(({ nameId }) => nameId),
      ],
      rowMode: 'array',
    });
    const versions = new Map(heads.map((head) => [keyText(head), head.version]));
    for (const [grain, bucket, sourceId, bot, nameId, bytes] of rows) {
      const key = keyText({ grain, bucket, sourceId, bot, nameId });
      const users = UserSet.read(bytes);
      this.cache.set(key, versions.get(key)!, users);
      found.set(key, users);
    }
  }
}

/** What one statement brings at once is in memory twice. */
const SETS_AT_ONCE = 2_000;

type HeadRow = [Grain, number, number, boolean, number, string, string, number, string, number];
type DeltaRow = [number, number, boolean, number, number, number, string | null];
type RawRow = [number, number, boolean, number, string, string, string | null];

const FROM_HEADS = `
  FROM unnest($1::smallint[], $2::timestamptz[], $3::timestamptz[]) AS run (grain, start, stop)
  JOIN rollups ON rollups.grain = run.grain
    AND rollups.bucket >= run.start AND rollups.bucket < run.stop
  WHERE ($4::smallint[] IS NULL OR rollups.source_id = ANY ($4))
    AND rollups.name_id = ANY ($5::integer[])`;

const rawLeaves = (place: string, from: string, to: string): string => `
  SELECT ${place} AS place, source_id, bot, name_id, count(*),
    count(*) FILTER (WHERE user_seq = 0),
    array_agg(user_seq) FILTER (WHERE user_seq > 0 AND ($3 OR NOT bot))::text
  FROM events WHERE time >= ${from} AND time < ${to} AND name_id > 0
    AND ($4::smallint[] IS NULL OR source_id = ANY ($4))
    AND ($5::integer[] IS NULL OR name_id = ANY ($5))
  GROUP BY source_id, bot, name_id`;

/** A plan for one range leaves out all chunks but its own, which is worth a statement for each. */
const FEW_RANGES = 4;
const RANGES_AT_ONCE = 1_000;
const RAW_LEAVES = rawLeaves('0', '$1', '$2');
/** There are many where minutes wait to be read anew, or a zone's buckets begin within minutes. */
const RAW_LEAVES_OF_MANY = `
  SELECT leaf.* FROM unnest($1::timestamptz[], $2::timestamptz[])
    WITH ORDINALITY AS part (start, stop, number)
  CROSS JOIN LATERAL (${rawLeaves('(part.number - 1)::integer', 'part.start', 'part.stop')}) AS leaf`;

function headParameters(runs: readonly Run[], scope: Scope): unknown[] {
  return [
    runs.map(({ grain }) => grain),
    runs.map(({ from }) => minuteText(from)),
    runs.map(({ to }) => minuteText(to)),
    scope.sources,
    scope.rollupNames,
  ];
}
