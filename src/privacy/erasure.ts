/** What one erasure has removed; numbers are exact. */
export interface Removed {
  /** Users who were the person. */
  identities: number;
  /** Raw events. */
  events: number;
  /** That they were one, and that somebody else had been taken for one of them; refused ones too. */
  merges: number;
  /** Groups that they were in. */
  groups: number;
  /** Lines of the log of rejections. */
  rejections: number;
  /** Events that waited on disk, dead letters, and records that were damaged there. */
  waiting: number;
  /** Minutes whose figures were made anew. */
  rollup_minutes: number;
  /** Days without raw events out of whose figures the person was taken. */
  rollup_days: number;
}

/** An erasure as far as the database's transaction did it. */
export interface BegunErasure {
  id: number;
  /** Of all identities. */
  ids: string[];
  /** Older events are refused. ISO 8601. */
  erasedBefore: string;
  refusedUntil: string;
}

export const NOTHING_REMOVED: Readonly<Removed> = {
  identities: 0,
  events: 0,
  merges: 0,
  groups: 0,
  rejections: 0,
  waiting: 0,
  rollup_minutes: 0,
  rollup_days: 0,
};

/** The locks that those hold who work on erasures; the second number is the erasure's. */
export const ERASURE_LOCKS = 1_702_000_461;
