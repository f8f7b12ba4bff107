import type { DataSource } from 'typeorm';
import { askBy } from './ask.js';
import { readStorageFeatures } from './storage-features.js';

/** Whether a feature of the storage is in use, and why it isn't. */
export interface StorageFeature {
  active: boolean;
  /** For people; absent where it's active. */
  reason?: string;
}

/** What there is to say about the storage of a database. */
export interface DescribedStorage {
  name: 'timescaledb' | 'postgresql';
  features: {
    hypertable: StorageFeature;
    /** Old chunks are compressed, by a policy. */
    compression: StorageFeature;
  };
}

const NO_EXTENSION = 'events lie in a plain table: the database was made without TimescaleDB';
const REASONS = {
  unavailable:
    "this server's TimescaleDB has the Apache licence (timescaledb.license); compression needs the one that is called timescale",
  available: 'no policy compresses old chunks: COMPRESS_AFTER_DAYS makes one',
};

/** Asks the database which features its storage has, and why it hasn't others. */
export async function describeStorage(dataSource: DataSource): Promise<DescribedStorage> {
  const { hypertable, compression } = await readStorageFeatures(askBy(dataSource));
  if (!hypertable) {
    const missing = { active: false, reason: NO_EXTENSION };
    return { name: 'postgresql', features: { hypertable: missing, compression: missing } };
  }
  return {
    name: 'timescaledb',
    features: {
      hypertable: { active: true },
      compression:
        compression === 'active'
          ? { active: true }
          : { active: false, reason: REASONS[compression] },
    },
  };
}
