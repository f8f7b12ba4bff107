import type { Configuration } from '../configuration.js';
import type { ProcessMetrics } from '../operations/metrics/metrics-crew.js';

/** What a worker works with. By message, since others can read arguments and environments. */
export interface WorkerSettings {
  /** From 0; a worker that takes the place of another has its number. */
  number: number;
  /** With the port that all workers share. */
  configuration: Configuration;
  /** A PostgreSQL connection URL; never shown. */
  databaseUrl: string;
}

/**
 * From the supervisor. `measure` asks for what the worker has counted; `gathered` answers its
 * `gather`, without text where not all of it can be had.
 */
export type Order =
  | { kind: 'work'; settings: WorkerSettings }
  | { kind: 'stop' }
  | { kind: 'measure'; id: number }
  | { kind: 'gathered'; id: number; text?: string };

/**
 * From a worker. `ready` asks for its work: what is sent before it listens to its supervisor is
 * lost. `failed` is the last of it, for the person who starts the server. `measured` answers
 * `measure`; `gather` asks for the figures of all workers together, for who reads them there.
 */
export type Report =
  | { kind: 'ready' }
  | { kind: 'listening' }
  | { kind: 'failed'; message: string }
  | { kind: 'measured'; id: number; metrics: ProcessMetrics }
  | { kind: 'gather'; id: number };
