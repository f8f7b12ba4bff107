import type { ClientBase } from 'pg';
import { MINUTE_MS } from './grains.js';
import { toMinute } from './sql-values.js';

/**
 * From when on raw events are there, in minutes: of all sources, and of those that are kept shorter.
 * -Infinity where none was ever removed.
 */
export class Horizons {
  constructor(
    private readonly all: number,
    private readonly own: ReadonlyMap<number, number>,
  ) {}

  /** Of one source. */
  of(sourceId: number): number {
    return Math.max(this.all, this.own.get(sourceId) ?? Number.NEGATIVE_INFINITY);
  }

  /**
   * From here on raw events of each of some sources are there.
   *
   * @param sources undefined for all
   */
  latest(sources?: readonly number[]): number {
    if (sources === undefined) return Math.max(this.all, ...this.own.values());
    return sources.reduce((latest, source) => Math.max(latest, this.of(source)), this.all);
  }

  /** The same in milliseconds. */
  latestMs(sources?: readonly number[]): number {
    return this.latest(sources) * MINUTE_MS;
  }

  /** Before it there are no raw events of any source. */
  get earliest(): number {
    return this.all;
  }

  /** Whether raw events of a minute are gone. */
  isGone(sourceId: number, minute: number): boolean {
    return minute < this.of(sourceId);
  }
}

/** Columns of what {@link toHorizons} reads, where `horizon` is one of the tables. */
export const HORIZON_COLUMNS = `
  CASE WHEN isfinite(horizon.raw_from) THEN ${toMinute('horizon.raw_from')} END AS horizon,
  (SELECT string_agg(concat_ws(' ', source_id, ${toMinute('raw_from')}::bigint), ',')
    FROM source_horizons) AS own`;

export interface HorizonRow {
  horizon: number | null;
  own: string | null;
}

export function toHorizons({ horizon, own }: HorizonRow): Horizons {
  const entries = own?.split(',').map((entry): [number, number] => {
    const [source, minute] = entry.split(' ');
    return [Number(source), Number(minute)];
  });
  return new Horizons(horizon ?? Number.NEGATIVE_INFINITY, new Map(entries));
}

export async function readHorizons(client: ClientBase): Promise<Horizons> {
  const { rows } = await client.query<HorizonRow>(`SELECT ${HORIZON_COLUMNS} FROM horizon`);
  return toHorizons(rows[0]!);
}

/** Rollups are there from here on, in minutes; -Infinity where none were ever removed. */
export async function readRollupsFrom(client: ClientBase): Promise<number> {
  const { rows } = await client.query<{ minute: number | null }>(
    `SELECT CASE WHEN isfinite(rollups_from) THEN ${toMinute('rollups_from')} END AS minute
     FROM horizon`,
  );
  return rows[0]!.minute ?? Number.NEGATIVE_INFINITY;
}

/**
 * Whether a row of some minute is of what can be read anew: its source's raw events are there.
 *
 * @param table whose `source_id` is compared
 * @param time the column that says when it was
 */
export const isAboveHorizon = (table: string, time: string): string =>
  `NOT EXISTS (SELECT FROM source_horizons AS own
     WHERE own.source_id = ${table}.source_id AND ${table}.${time} < own.raw_from)`;
