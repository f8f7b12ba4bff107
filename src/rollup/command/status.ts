import type { ClientBase } from 'pg';
import { GRAINS, type Grain } from '../grains.js';
import { readHorizons, readRollupsFrom } from '../horizons.js';
import { toMinute } from '../sql-values.js';
import { readSourceHorizons } from './source-horizons.js';
import { amount, LENGTHS, timeOf } from './text.js';

/** What there is to say about the rollups, in lines, as one snapshot sees it. */
export async function statusLines(client: ClientBase): Promise<string[]> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    return [...(await waiting(client)), ...(await rows(client)), ...(await horizonLines(client))];
  } finally {
    await client.query('ROLLBACK');
  }
}

async function waiting(client: ClientBase): Promise<string[]> {
  const { rows: found } = await client.query<{
    deltas: number;
    repairs: number;
    oldest: number | null;
  }>(
    `SELECT (SELECT count(*)::float8 FROM rollup_deltas) AS deltas,
       (SELECT count(DISTINCT minute)::float8 FROM rollup_repairs) AS repairs,
       least((SELECT ${toMinute('min(minute)')} FROM rollup_deltas),
         (SELECT ${toMinute('min(minute)')} FROM rollup_repairs)) AS oldest`,
  );
  const { deltas, repairs, oldest } = found[0]!;
  return [
    `Waiting to be added: ${amount(deltas, 'delta')}. Waiting to be read anew: ${amount(repairs, 'minute')}.`,
    ...(oldest === null ? [] : [`The oldest minute that waits: ${timeOf(oldest)}`]),
  ];
}

async function rows(client: ClientBase): Promise<string[]> {
  const { rows: found } = await client.query<{ grain: Grain; count: number; bytes: number }>(
    `SELECT grain, count(*)::float8 AS count, sum(octet_length(users))::float8 AS bytes
     FROM rollups GROUP BY grain`,
  );
  const { rows: sizes } = await client.query<{ bytes: number }>(
    `SELECT pg_total_relation_size('rollups')::float8 AS bytes`,
  );
  return [
    ...GRAINS.map((grain) => {
      const { count, bytes } = found.find((row) => row.grain === grain) ?? { count: 0, bytes: 0 };
      return `${LENGTHS[grain]}: ${amount(count, 'row')}, sets of users ${formatBytes(bytes)}`;
    }),
    `All of them on disk: ${formatBytes(sizes[0]!.bytes)}`,
  ];
}

/** Since when raw events are there, and rollups. */
export async function horizonLines(client: ClientBase): Promise<string[]> {
  const earliest = (await readHorizons(client)).earliest;
  const sources = await readSourceHorizons(client, earliest);
  const rollupsFrom = await readRollupsFrom(client);
  return [
    earliest === Number.NEGATIVE_INFINITY
      ? `Raw events are kept: all of them${sources.length > 0 ? ', but for' : '.'}`
      : `Raw events are kept from ${timeOf(earliest)} on${sources.length > 0 ? ', but for' : '.'}`,
    ...sources.map(({ name, minute }) => `  source ${name}: from ${timeOf(minute)} on`),
    ...(rollupsFrom === Number.NEGATIVE_INFINITY
      ? []
      : [`Rollups are kept from ${timeOf(rollupsFrom)} on.`]),
  ];
}

function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`;
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(1)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
