import type { DataSource } from 'typeorm';
import { readStorage } from './storage.js';

/** Whether a feature of the storage is in use, and why it isn't. */
export interface StorageFeature {
  active: boolean;
  /** For people; absent where it's active. */
  reason?: string;
}

/** What the storage of this database does beyond a plain table. */
export interface StorageFeatures {
  hypertable: StorageFeature;
  /** Old chunks are compressed, by a policy. */
  compression: StorageFeature;
}

/** What there is to say about the storage. */
export interface DescribedStorage {
  name: 'timescaledb' | 'postgresql';
  features: StorageFeatures;
}

const NO_EXTENSION = 'events lie in a plain table: the database was made without TimescaleDB';
const NO_LICENCE =
  "this server's TimescaleDB has the Apache licence (timescaledb.license); compression needs the one that is called timescale";
const NO_POLICY = 'no policy compresses old chunks';

/** Asks the database which features its storage has. */
export async function readStorageFeatures(dataSource: DataSource): Promise<DescribedStorage> {
  const { timescaledb } = await readStorage(dataSource);
  if (timescaledb === undefined) {
    const missing = { active: false, reason: NO_EXTENSION };
    return { name: 'postgresql', features: { hypertable: missing, compression: missing } };
  }
  const compression = await readCompression(dataSource);
  return { name: 'timescaledb', features: { hypertable: { active: true }, compression } };
}

/** The policy is called by the one name or the other, by the version of the extension. */
async function readCompression(dataSource: DataSource): Promise<StorageFeature> {
  const [found] = await dataSource.query<{ licence: string | null; compressed: boolean }[]>(
    `SELECT current_setting('timescaledb.license', true) AS licence, EXISTS (
       SELECT FROM timescaledb_information.jobs AS job
       JOIN pg_namespace ON nspname = job.hypertable_schema
       JOIN pg_class ON relnamespace = pg_namespace.oid AND relname = job.hypertable_name
       WHERE pg_class.oid = 'events'::regclass AND job.scheduled
         AND job.proc_name IN ('policy_compression', 'policy_columnstore')
     ) AS compressed`,
  );
  const { licence, compressed } = found!;
  if (compressed) return { active: true };
  return { active: false, reason: licence === 'timescale' ? NO_POLICY : NO_LICENCE };
}
