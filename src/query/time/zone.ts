import { Temporal } from 'temporal-polyfill';

/** Whether a text names a zone of the IANA time zone database. */
export function isZone(text: string): boolean {
  // Offsets such as +05:45 are no zones: they know no daylight saving.
  if (!/^[A-Za-z][\w+/-]{0,63}$/.test(text)) return false;
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * The first moment of a date in a zone.
 *
 * @param text such as 2026-01-31, of the years 1 to 9999
 * @returns milliseconds; undefined for what is no date
 */
export function startOfDate(text: string, zone: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\d$/.test(text) || text.startsWith('0000')) return undefined;
  try {
    return startOf(Temporal.PlainDate.from(text), zone);
  } catch {
    return undefined;
  }
}

export function startOf(date: Temporal.PlainDate, zone: string): number {
  return date.toZonedDateTime(zone).epochMilliseconds;
}

export function dateAt(ms: number, zone: string): Temporal.PlainDate {
  return zonedAt(ms, zone).toPlainDate();
}

export function zonedAt(ms: number, zone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone);
}
