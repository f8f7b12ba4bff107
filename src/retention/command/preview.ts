import type { ClientBase } from 'pg';
import { amount, timeOf } from '../../rollup/command/text.js';
import { daysWithAnything } from '../../rollup/days.js';
import type { HorizonTargets } from '../../rollup/horizon.js';
import { readHorizons, readRollupsFrom } from '../../rollup/horizons.js';
import { minuteText } from '../../rollup/sql-values.js';

const MAX_SHOWN = 1_000;

/** What a run would remove, in lines: it is counted event by event. */
export async function previewLines(client: ClientBase, targets: HorizonTargets): Promise<string[]> {
  const counts = await countExpired(client, targets);
  const total = counts.reduce((sum, { events }) => sum + events, 0);
  const shown = counts
    .slice(0, MAX_SHOWN)
    .map(({ source, day, events }) => `${source}, ${day}: ${amount(events, 'event')}`);
  const more = counts.length - shown.length;
  const rollupDays = await countRollupDays(client, targets);
  return [
    ...shown,
    ...(more > 0 ? [`… and ${amount(more, 'day')} of sources more`] : []),
    `A run would remove ${amount(total, 'event')}${total > 0 ? ', which stay counted by rollups' : ''}.`,
    ...(targets.rollups === undefined
      ? []
      : [`Rollups before ${timeOf(targets.rollups)}: of ${amount(rollupDays, 'day')}.`]),
  ];
}

interface Expired {
  /** In quotes: a name may be any text. */
  source: string;
  day: string;
  events: number;
}

async function countExpired(client: ClientBase, targets: HorizonTargets): Promise<Expired[]> {
  const horizons = await readHorizons(client);
  const { rows: sources } = await client.query<{ id: number }>('SELECT id FROM sources');
  const ends = sources.map(({ id }) =>
    Math.max(
      horizons.of(id),
      targets.all ?? Number.NEGATIVE_INFINITY,
      targets.sources?.get(id) ?? Number.NEGATIVE_INFINITY,
    ),
  );
  const { rows } = await client.query<Expired>(
    `SELECT sources.name AS source, to_char(day, 'YYYY-MM-DD') AS day, events::float8 AS events
     FROM (
       SELECT source_id, date_bin('24 hours', time, '0001-01-01 00:00:00Z') AT TIME ZONE 'UTC' AS day,
         count(*) AS events
       FROM events
       JOIN unnest($1::smallint[], $2::timestamptz[]) AS expired (source, stop)
         ON expired.source = source_id AND time < stop
       WHERE name_id > 0 AND time < $3 GROUP BY 1, 2
     ) AS counted JOIN sources ON sources.id = source_id
     ORDER BY sources.name, counted.day`,
    [
      sources.map(({ id }) => id),
      ends.map((minute) => minuteText(minute)),
      minuteText(Math.max(...ends)),
    ],
  );
  return rows.map(({ source, day, events }) => ({ source: JSON.stringify(source), day, events }));
}

async function countRollupDays(client: ClientBase, { rollups }: HorizonTargets): Promise<number> {
  const end = Math.max(rollups ?? Number.NEGATIVE_INFINITY, await readRollupsFrom(client));
  if (!Number.isFinite(end)) return 0;
  return (await daysWithAnything(client, Number.NEGATIVE_INFINITY, end)).length;
}
