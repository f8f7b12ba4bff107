/** A day of the calendar, such as `2026-11-26`, in whatever zone. */
export type Day = string;

const DAY_MS = 86_400_000;

/** Making a format takes longer than using it a hundred times. */
function byZone(locale: string, options: Intl.DateTimeFormatOptions) {
  const made = new Map<string, Intl.DateTimeFormat>();
  return (zone: string): Intl.DateTimeFormat => {
    let format = made.get(zone);
    if (!format) {
      format = new Intl.DateTimeFormat(locale, { ...options, timeZone: zone });
      made.set(zone, format);
    }
    return format;
  };
}

// Canada writes dates as ISO 8601 does.
const dates = byZone('en-CA', { year: 'numeric', month: '2-digit', day: '2-digit' });
const clocks = byZone('en-US', {
  year: 'numeric',
  month: 'numeric',
  day: 'numeric',
  hour: 'numeric',
  minute: 'numeric',
  second: 'numeric',
  hourCycle: 'h23',
});

/** @param ms milliseconds since 1970-01-01T00:00:00Z */
export function dayOf(ms: number, zone: string): Day {
  return dates(zone).format(ms);
}

/** How far a zone's clocks are before UTC at a moment, in milliseconds. */
export function offsetAt(ms: number, zone: string): number {
  const parts = Object.fromEntries(
    clocks(zone)
      .formatToParts(ms)
      .map(({ type, value }) => [type, Number(value)]),
  ) as Record<'year' | 'month' | 'day' | 'hour' | 'minute' | 'second', number>;
  const { year, month, day, hour, minute, second } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(ms / 1_000) * 1_000;
}

/** The moment in which the zone's clocks showed the same time so many days before. */
export function sameTimeBefore(ms: number, days: number, zone: string): number {
  const wall = ms + offsetAt(ms, zone) - days * DAY_MS;
  // The offset of about then tells the moment, whose own offset corrects it where clocks changed.
  const about = wall - offsetAt(wall, zone);
  return wall - offsetAt(about, zone);
}

export function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && dayText(toUtc(text)) === text;
}

export function addDays(day: Day, days: number): Day {
  return dayText(toUtc(day) + days * DAY_MS);
}

/** The same day of another month, or the last one where that month is shorter. */
export function addMonths(day: Day, months: number): Day {
  const date = new Date(toUtc(day));
  const wanted = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + months);
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(wanted, last));
  return dayText(date.getTime());
}

export function daysBetween(from: Day, to: Day): number {
  return Math.round((toUtc(to) - toUtc(from)) / DAY_MS);
}

export function startOfMonth(day: Day): Day {
  return `${day.slice(0, 7)}-01`;
}

export function startOfYear(day: Day): Day {
  return `${day.slice(0, 4)}-01-01`;
}

function toUtc(day: Day): number {
  return Date.parse(`${day}T00:00:00Z`);
}

function dayText(ms: number): Day {
  return Number.isNaN(ms) ? '' : new Date(ms).toISOString().slice(0, 10);
}
