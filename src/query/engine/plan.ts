import type { UserSet } from '../../rollup/user-set.js';
import type { Dimension, Range } from '../language/query.js';
import type { SortedFilters } from './classify.js';
import type { Counter } from './names.js';

export type FieldDimension = Extract<Dimension, { field: unknown }>;

/** What is to be collected, for one range of time. */
export interface Plan {
  range: Range;
  /** Where buckets of time begin, the first one at the range's start or before; one without time. */
  starts: readonly number[];
  fields: readonly FieldDimension[];
  filters: SortedFilters;
  includeBots: boolean;
  /** The first one counts all events that the filters leave, whose users are looked for, too. */
  counters: readonly Counter[];
  /** Undefined for all. */
  sources: readonly number[] | undefined;
  /** The users themselves, or how many they are. */
  needsUsers: boolean;
  /** Who had an event before the range. */
  needsHistory: boolean;
}

/** A value of a field as JSON: null where it's absent. */
export type FieldValue = unknown;

/** Events of one bucket of time and one value of each field. */
export interface Group {
  /** The index of the bucket. */
  bucket: number;
  fields: readonly FieldValue[];
  /** In the order of the plan's counters. */
  counts: readonly number[];
  /** How many of the events that the first counter counts are nobody's. */
  nobody: number;
  /** How many users, where that is known without the users themselves. */
  userCount: number | undefined;
  /** Not to be written into. */
  users: () => Promise<UserSet>;
}

export interface Collected {
  /** Without such as have no event. */
  groups: readonly Group[];
  /** Over the whole range. */
  total: Group;
  /** Before the range, by the values of the fields; empty where no history is needed. */
  history: readonly Group[];
  historyTotal: Group | undefined;
  /**
   * How many events of bots the range had, of those that the first counter counts; 0 where they are
   * counted. Filters on traits that choose people rather than events aren't looked at.
   */
  botEventsLeftOut: number;
}

/** The ranges of the buckets of time, cut off at the range's ends. */
export function bucketRanges({ range, starts }: Plan): Range[] {
  return starts.map((start, index) => ({
    from: Math.max(start, range.from),
    to: Math.min(starts[index + 1] ?? range.to, range.to),
  }));
}
