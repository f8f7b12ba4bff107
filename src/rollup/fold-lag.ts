import type { DataSource } from 'typeorm';

/** More are counted as this many: to look at all would cost the more, the worse it is. */
export const MAX_COUNTED_DELTAS = 100_000;

/** How far folders are behind: answers are exact all the same, and read each delta by itself. */
export interface FoldLag {
  /** Deltas that wait, 100,000 at most. */
  deltas: number;
  /** Seconds since the oldest of those counted was written; 0 where none waits. */
  seconds: number;
}

/** Of all that was written to the database, whoever folds it. */
export async function readFoldLag(dataSource: DataSource): Promise<FoldLag> {
  const [lag] = await dataSource.query<FoldLag[]>(
    `SELECT count(*)::int AS deltas,
       coalesce(greatest(0, extract(epoch FROM now() - min(written_at))), 0)::float8 AS seconds
     FROM (SELECT written_at FROM rollup_deltas LIMIT $1) AS waiting`,
    [MAX_COUNTED_DELTAS],
  );
  return lag!;
}
