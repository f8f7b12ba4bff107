import type { ServerLog } from './log/server-log.js';
import type { MetricsCrew } from './metrics/metrics-crew.js';

/** What those who run the server want of it. */
export interface OperationsOptions {
  /** Whose room is watched; without it no disk is. */
  disk?: DiskOptions;
  /** The processes whose figures are one server's; without it this one alone. */
  crew?: MetricsCrew;
  /** Without it what goes wrong is written for people, and nothing of requests. */
  log?: ServerLog;
}

/** The disk that holds the spool, and the embedded database. */
export abstract class DiskOptions {
  abstract readonly directory: string;
  /** With less of it readiness says `degraded`. */
  abstract readonly minFreeBytes: number;
}
