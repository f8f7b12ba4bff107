import type { Refusal } from './refusal.js';

/** What became of one event in the database. `duplicate`: it was stored before, and nothing changed. */
export type StoreOutcome = 'stored' | 'duplicate' | Refusal;

/**
 * What became of one event. `accepted`: it lies on disk, in the spool, until the database is back;
 * it hasn't been compared for duplicates yet.
 */
export type Outcome = StoreOutcome | 'accepted';
