/**
 * The value below which a share of all values lies, by the nearest-rank method: always one of the
 * values, never one in between.
 *
 * @param share from 0 to 1; 0.99 for the 99th percentile
 * @throws RangeError without values
 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  const value = sorted[rank - 1];
  if (value === undefined) throw new RangeError('a percentile needs values');
  return value;
}

/**
 * The middle value; of an even number, the mean of the two in the middle.
 *
 * @throws RangeError without values
 */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  const upper = sorted[Math.floor(sorted.length / 2)];
  if (lower === undefined || upper === undefined) throw new RangeError('a median needs values');
  return (lower + upper) / 2;
}

/**
 * How much the last half of a series still grows: the median of its fourth quarter against that of
 * its third, so that a single peak counts for nothing.
 *
 * @returns 0.1 for a tenth more
 * @throws RangeError with fewer than 4 values
 */
export function growthOverLastHalf(values: readonly number[]): number {
  if (values.length < 4) throw new RangeError('quarters need 4 values');
  const quarter = (index: number): readonly number[] =>
    values.slice(
      Math.floor((index * values.length) / 4),
      Math.floor(((index + 1) * values.length) / 4),
    );
  return median(quarter(3)) / median(quarter(2)) - 1;
}
