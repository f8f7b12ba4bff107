import type { ClientBase } from 'pg';
import { toMinute } from '../sql-values.js';
import { timeOf } from './text.js';

/** A source whose raw events are kept shorter than those of others. */
export interface SourceHorizon {
  /** In quotes: a name may be any text. */
  name: string;
  /** From when on they are there, in minutes. */
  minute: number;
}

/** All of them that come after a minute, by their names. */
export async function readSourceHorizons(
  client: ClientBase,
  after: number,
): Promise<SourceHorizon[]> {
  const { rows } = await client.query<SourceHorizon>(
    `SELECT name, ${toMinute('raw_from')} AS minute
     FROM source_horizons JOIN sources ON sources.id = source_id ORDER BY name`,
  );
  return rows
    .filter(({ minute }) => minute > after)
    .map(({ name, minute }) => ({ name: JSON.stringify(name), minute }));
}

/** What is not looked at, a line for each source. */
export function keptAsTheyAre(horizons: readonly SourceHorizon[]): string[] {
  return horizons.map(
    ({ name, minute }) =>
      `Leaving out source ${name} before ${timeOf(minute)}: its raw events before are no longer ` +
      'kept, and its rollups of that time stay as they are.',
  );
}
