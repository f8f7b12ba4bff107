import { AnalyticsError } from '../../common/errors.js';

/** The query is understood, and isn't answered: what it needs is gone, or too much. */
export class RefusedQueryError extends AnalyticsError {
  readonly retryable = false;
  override readonly status = 422;

  constructor(
    readonly code: 'raw_events_expired' | 'query_too_expensive',
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

export function expired(horizonMs: number): RefusedQueryError {
  const from = new Date(horizonMs).toISOString();
  return new RefusedQueryError(
    'raw_events_expired',
    `This needs raw events, which are kept from ${from} on. Before it, ranges of whole minutes by time, event, source and trait are answered.`,
    { raw_from: from },
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
