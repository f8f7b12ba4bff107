/** How much is measured. */
export interface QueryPlan {
  /** Of the data set of many days. */
  events: number;
  users: number;
  days: number;
  /** Of the data set of one hour. */
  hourEvents: number;
  hourUsers: number;
  /** Written, and then folded. */
  foldEvents: number;
  /** Of one round of batches, a multiple of the batch size. */
  writeEvents: number;
  /** Rounds whose reference takes less than a second or so. */
  rounds: number;
  /** Rounds with a dear reference, and of what a server answers first. */
  dearRounds: number;
  /** Answers of a server that has just started which aren't timed. */
  warmUps: number;
  /** Of one run at a constant rate, in milliseconds. */
  latencyMs: number;
  /** Of single requests as fast as they go, to find that rate. */
  singleMs: number;
  /** Prepared for that: it ends early when they are used up. */
  singleRequests: number;
  /** Whether this is to tell anything. */
  judged: boolean;
}

export const FULL_QUERY_PLAN: QueryPlan = {
  events: 5_000_000,
  users: 200_000,
  days: 30,
  hourEvents: 1_000_000,
  hourUsers: 200_000,
  foldEvents: 5_000_000,
  writeEvents: 300_000,
  rounds: 5,
  dearRounds: 3,
  warmUps: 10,
  latencyMs: 5_000,
  singleMs: 4_000,
  singleRequests: 120_000,
  judged: true,
};

export const QUICK_QUERY_PLAN: QueryPlan = {
  events: 50_000,
  users: 5_000,
  days: 30,
  hourEvents: 20_000,
  hourUsers: 4_000,
  foldEvents: 20_000,
  writeEvents: 20_000,
  rounds: 1,
  dearRounds: 1,
  warmUps: 2,
  latencyMs: 500,
  singleMs: 500,
  singleRequests: 20_000,
  judged: false,
};

/** How much smaller the data set is that growth is measured against. */
export const GROWTH = 10;
/** From so many on, what is required of many days holds. */
export const REQUIRED_EVENTS = 50_000_000;
