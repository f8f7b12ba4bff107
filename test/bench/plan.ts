/** How much is measured. */
export interface Plan {
  /** Rounds of each measurement; each follows on all others, so that slow drifts hit all alike. */
  rounds: number;
  /** A multiple of the batch size. */
  batchEvents: number;
  streamEvents: number;
  /** Of one round of single requests, in milliseconds. */
  singleMs: number;
  /** Prepared for one round: it ends early when they are used up. */
  singleRequests: number;
  /** Of one run at a constant rate, in milliseconds. */
  latencyMs: number;
  /** Before the first round, for each server, in milliseconds of single requests. */
  warmUpMs: number;
}

export const FULL_PLAN: Plan = {
  rounds: 5,
  batchEvents: 300_000,
  streamEvents: 1_000_000,
  singleMs: 4_000,
  singleRequests: 120_000,
  latencyMs: 5_000,
  warmUpMs: 2_000,
};

export const QUICK_PLAN: Plan = {
  rounds: 1,
  batchEvents: 20_000,
  streamEvents: 20_000,
  singleMs: 700,
  singleRequests: 20_000,
  latencyMs: 1_000,
  warmUpMs: 300,
};

export const BATCH_SIZE = 1_000;
/** Batches under way at the same time. */
export const BATCH_CONNECTIONS = 16;
export const SINGLE_CONNECTIONS = 64;
/**
 * Requests of each round that aren't timed: after the tables were emptied, every session of the
 * database plans its statements anew, which nothing does to a server in use.
 */
export const LEAD_BATCHES = 8;
export const LEAD_SINGLES = 640;
/** Of the rate that a server reaches at best: what it should be run at. */
export const LATENCY_LOAD = 0.3;
