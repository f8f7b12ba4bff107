import type { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';

/** Connections of this process to the database. */
export interface PoolState {
  total: number;
  /** Those that nobody uses. */
  idle: number;
  /** How many wait for one. */
  waiting: number;
}

/** Undefined before the data source is connected. */
export function readPool(dataSource: DataSource): PoolState | undefined {
  const pool = (dataSource.driver as PostgresDriver).master as
    { totalCount: number; idleCount: number; waitingCount: number } | undefined;
  return pool && { total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount };
}
