import type { Ask } from './ask.js';

/** What a server's storage does with old events, beside keeping them. */
export interface StorageFeatures {
  /** Events lie in chunks, which are dropped as a whole. */
  hypertable: boolean;
  /**
   * `unavailable`: events lie in a plain table, or TimescaleDB is under the Apache licence; `active`:
   * old chunks are compressed by a policy.
   */
  compression: 'unavailable' | 'available' | 'active';
}

/** The licence with which TimescaleDB has what its vendor keeps to himself. */
const VENDORS_LICENCE = 'timescale';

/** Asks the database which features there are, and which of them are in use. */
export async function readStorageFeatures(ask: Ask): Promise<StorageFeatures> {
  const [extension] = await ask<{ licence: string | null }>(
    `SELECT current_setting('timescaledb.license', true) AS licence
     FROM pg_extension WHERE extname = 'timescaledb'`,
  );
  const [table] = extension
    ? await ask<{ compresses: boolean; hasPolicy: boolean }>(HYPERTABLE)
    : [];
  if (!table) return { hypertable: false, compression: 'unavailable' };
  if (extension!.licence !== VENDORS_LICENCE) {
    return { hypertable: true, compression: 'unavailable' };
  }
  const isActive = table.compresses && table.hasPolicy;
  return { hypertable: true, compression: isActive ? 'active' : 'available' };
}

const HYPERTABLE = `
  SELECT compression_enabled AS compresses, EXISTS (
    SELECT FROM timescaledb_information.jobs
    WHERE proc_name = 'policy_compression' AND jobs.hypertable_schema = events.hypertable_schema
      AND jobs.hypertable_name = events.hypertable_name
  ) AS "hasPolicy"
  FROM timescaledb_information.hypertables AS events
  WHERE format('%I.%I', hypertable_schema, hypertable_name)::regclass = 'events'::regclass`;
