import type { DataSource } from 'typeorm';
import type { NormalisedEvent } from '../normalise.js';

const DEFAULT_SOURCE = 'default';

/** Since when raw events are kept: of all sources, and of those that are kept shorter. */
const RAW_FROM = `
  SELECT NULL AS source, raw_from FROM horizon
  UNION ALL
  SELECT sources.name, own.raw_from FROM source_horizons AS own JOIN sources ON sources.id = source_id`;

/**
 * Tells which events are late for what is kept: tried out one by one, a batch of them would take as many
 * transactions.
 */
export async function readIsKept(
  dataSource: DataSource,
): Promise<(event: NormalisedEvent) => boolean> {
  const rows =
    await dataSource.query<{ source: string | null; raw_from: Date | number }[]>(RAW_FROM);
  // What is infinite comes as a number.
  const bySource = new Map(rows.map(({ source, raw_from }) => [source, Number(raw_from)]));
  const ofAll = bySource.get(null)!;
  return ({ time, source = DEFAULT_SOURCE }) =>
    time >= Math.max(ofAll, bySource.get(source) ?? ofAll);
}
