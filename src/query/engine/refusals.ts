import { AnalyticsError } from '../../common/errors.js';
import type { Horizons } from '../../rollup/horizons.js';

/** The query is understood, and isn't answered: what it needs is gone, or too much. */
export class RefusedQueryError extends AnalyticsError {
  readonly retryable = false;
  override readonly status = 422;

  constructor(
    readonly code: 'raw_events_expired' | 'rollups_expired' | 'query_too_expensive',
    message: string,
    override readonly details: object = {},
  ) {
    super(message);
  }
}

/** Nobody has the id. */
export class UnknownUserError extends AnalyticsError {
  readonly code = 'unknown_user';
  readonly retryable = false;
  override readonly status = 404;

  constructor(kind: 'known' | 'anonymous') {
    super(
      kind === 'known'
        ? 'No known user has this id. Ids that browsers and devices made up are looked for with kind=anonymous.'
        : 'No anonymous user has this id. A known user is looked for without kind=anonymous.',
    );
  }
}

/**
 * @param fromMs the first moment whose raw events are needed
 * @param sources whose they are; undefined for all
 * @throws RefusedQueryError where those of any of them are gone
 */
export function expectRaw(
  fromMs: number,
  horizons: Horizons,
  sources: readonly number[] | undefined,
): void {
  const latestMs = horizons.latestMs(sources);
  if (fromMs >= latestMs) return;
  const from = new Date(latestMs).toISOString();
  const isEarlierOfOthers = latestMs > horizons.latestMs([]);
  const others = isEarlierOfOthers
    ? ' Some sources are kept longer: a filter by source that leaves only those reaches further back.'
    : '';
  throw new RefusedQueryError(
    'raw_events_expired',
    `This needs raw events, which are kept from ${from} on. Before it, ranges of whole minutes by time, event, source and trait are answered.${others}`,
    { raw_from: from },
  );
}

/**
 * @param fromMs the first moment whose rollups are needed
 * @throws RefusedQueryError where they are gone
 */
export function expectRollups(fromMs: number, rollupsFromMs: number): void {
  if (fromMs >= rollupsFromMs) return;
  const from = new Date(rollupsFromMs).toISOString();
  throw new RefusedQueryError(
    'rollups_expired',
    `Figures are kept from ${from} on: take a range that begins there or later. Who was seen first, or never before, can't be told any more, since what was before is gone.`,
    { rollups_from: from },
  );
}

/** Values of properties may be 32 KB each. */
export function tooLong(characters: number): RefusedQueryError {
  return new RefusedQueryError(
    'query_too_expensive',
    `The values of the dimensions are more than ${characters} characters: take a property with shorter ones.`,
    { cost: { characters } },
  );
}

/** What a query may cost. */
export interface QueryLimits {
  /** Raw events that are read. */
  maxRawRows: number;
  /** Rows of the rollups that are read. */
  maxBuckets: number;
  /** Rows of the answer, before it's cut into pages. */
  maxResultRows: number;
  /** Of one statement, in milliseconds. */
  timeoutMs: number;
}

const WHAT: Record<'raw_rows' | 'buckets' | 'result_rows', string> = {
  raw_rows: 'raw events to read (QUERY_MAX_RAW_ROWS)',
  buckets: 'rows of rollups to read (QUERY_MAX_BUCKETS)',
  result_rows: 'rows in the answer (QUERY_MAX_RESULT_ROWS)',
};

/** @throws RefusedQueryError with the estimate, where it's more than may be */
export function expectWithin(
  what: 'raw_rows' | 'buckets' | 'result_rows',
  estimate: number,
  limit: number,
): void {
  if (estimate <= limit) return;
  throw new RefusedQueryError(
    'query_too_expensive',
    `An estimated ${estimate} ${WHAT[what]}, where at most ${limit} are allowed: take a shorter range, larger buckets of time, or fewer dimensions.`,
    { cost: { [what]: estimate }, limit: { [what]: limit } },
  );
}
