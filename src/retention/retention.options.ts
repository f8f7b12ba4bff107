/** How long things are kept. Without any of it: for ever. */
export class RetentionOptions {
  /** Raw events, of every source that `sources` doesn't name: whole days, 1 to 36,500. */
  days?: number | undefined;
  /** Raw events of single sources, by their names, shorter or longer: days. */
  sources?: ReadonlyMap<string, number> | undefined;
  /** Rollups, by which old windows are answered: days, at least as many as any raw events are kept. */
  rollupDays?: number | undefined;
  /** Chunks older than so many days are compressed, where the server's TimescaleDB has the licence. */
  compressAfterDays?: number | undefined;
  /** Milliseconds from one run to the next. */
  intervalMs?: number | undefined;
}

/** A hundred years. */
const MAX_RETENTION_DAYS = 36_500;

/** What is wrong with options, and what is accepted. */
export interface RetentionProblem {
  option: 'days' | 'sources' | 'rollupDays' | 'compressAfterDays';
  accepted: string;
}

const DAYS = `a number of days from 1 to ${MAX_RETENTION_DAYS}`;

/** @returns the first thing that is wrong */
export function findProblem(options: RetentionOptions): RetentionProblem | undefined {
  const { days, sources, rollupDays, compressAfterDays } = options;
  if (!isDays(days)) return { option: 'days', accepted: DAYS };
  if (![...(sources?.values() ?? [])].every(isDays)) {
    return { option: 'sources', accepted: `${DAYS} for each source` };
  }
  if (!isDays(compressAfterDays)) return { option: 'compressAfterDays', accepted: DAYS };
  if (rollupDays === undefined) return undefined;
  const longest = Math.max(days ?? Number.POSITIVE_INFINITY, ...(sources?.values() ?? []));
  if (isDays(rollupDays) && rollupDays >= longest) return undefined;
  const accepted = Number.isFinite(longest)
    ? `${DAYS}, and at least ${longest}, since raw events are kept so long`
    : 'set only together with how long raw events of every source are kept (RETENTION_DAYS, or `days`)';
  return { option: 'rollupDays', accepted };
}

/** @throws TypeError that names what is wrong */
export function checkRetention(options: RetentionOptions): void {
  const problem = findProblem(options);
  if (problem) throw new TypeError(`retention.${problem.option} must be ${problem.accepted}`);
}

function isDays(days: number | undefined): boolean {
  return days === undefined || (Number.isInteger(days) && days >= 1 && days <= MAX_RETENTION_DAYS);
}

/** Whether anything is to be done. */
export function isRetaining({ days, sources, compressAfterDays }: RetentionOptions): boolean {
  return days !== undefined || (sources?.size ?? 0) > 0 || compressAfterDays !== undefined;
}
