const DAY_S = 86_400;

/**
 * What stands below a chart: the time, and the day below it where that begins; or the day, and the year
 * where that does.
 *
 * @param seconds where the axis has marks, since 1970
 * @param step between two of them, about
 */
export function timeTexts(seconds: readonly number[], step: number, zone: string): string[] {
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat('en-GB', { ...options, timeZone: zone });
  const isOfDays = step >= DAY_S;
  const fine = isOfDays
    ? format({ day: 'numeric', month: 'short' })
    : format({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const coarse = isOfDays
    ? format({ year: 'numeric' })
    : format({ day: 'numeric', month: 'short' });
  let before = '';
  return seconds.map((second) => {
    const above = coarse.format(second * 1_000);
    const text = fine.format(second * 1_000);
    const isNew = above !== before;
    before = above;
    return isNew ? `${text}\n${above}` : text;
  });
}
