import type { Configuration } from '../configuration.js';

/** What a worker works with. By message, since others can read arguments and environments. */
export interface WorkerSettings {
  /** From 0; a worker that takes the place of another has its number. */
  number: number;
  /** With the port that all workers share. */
  configuration: Configuration;
  /** A PostgreSQL connection URL; never shown. */
  databaseUrl: string;
}

/** From the supervisor. */
export type Order = { kind: 'work'; settings: WorkerSettings } | { kind: 'stop' };

/**
 * From a worker. `ready` asks for its work: what is sent before it listens to its supervisor is
 * lost. `failed` is the last of it, for the person who starts the server.
 */
export type Report =
  { kind: 'ready' } | { kind: 'listening' } | { kind: 'failed'; message: string };
