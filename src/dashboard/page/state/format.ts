const whole = new Intl.NumberFormat('en-US');
const fine = new Intl.NumberFormat('en-US', { maximumFractionDigits: 2 });
const short = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat('en-US', { style: 'percent', maximumFractionDigits: 1 });

/** What a figure is: how it's written, and which axis it belongs to. */
export function isShare(metric: string): boolean {
  return metric === 'ctr';
}

/** @param value null for a ratio to nothing */
export function figureText(metric: string, value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  if (isShare(metric)) return percent.format(value);
  return metric === 'events_per_user' ? fine.format(value) : whole.format(value);
}

/** For axes, where there's little room. */
export function shortFigure(metric: string, value: number): string {
  return isShare(metric) ? percent.format(value) : short.format(value);
}

/** How a figure has changed, as a share of what it was; undefined where that says nothing. */
export function changeOf(
  now: number | null | undefined,
  before: number | null | undefined,
): number | undefined {
  if (typeof now !== 'number' || typeof before !== 'number' || before === 0) return undefined;
  return now / before - 1;
}

export function percentText(share: number): string {
  return percent.format(share);
}

export function durationText(seconds: number): string {
  const units: [name: string, length: number][] = [
    ['d', 86_400],
    ['h', 3_600],
    ['min', 60],
  ];
  for (const [name, length] of units) {
    if (seconds >= length)
      return `${fine.format(Math.round((seconds / length) * 10) / 10)} ${name}`;
  }
  return `${fine.format(Math.round(seconds * 10) / 10)} s`;
}

/** A moment in the zone that was chosen, for people. */
export function momentText(iso: string | number, zone: string, withSeconds = true): string {
  return new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    dateStyle: 'medium',
    timeStyle: withSeconds ? 'medium' : 'short',
  }).format(new Date(iso));
}

/** A bucket of a chart, as precisely as it's one. */
export function bucketText(ms: number, interval: string, zone: string): string {
  const day = { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' } as const;
  const forms: Record<string, Intl.DateTimeFormatOptions> = {
    month: { month: 'long', year: 'numeric' },
    week: { day: 'numeric', month: 'short', year: 'numeric' },
    day,
  };
  const time = { ...day, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  const text = new Intl.DateTimeFormat('en-GB', {
    ...(forms[interval] ?? time),
    timeZone: zone,
  }).format(ms);
  return interval === 'week' ? `Week of ${text}` : text;
}

export function bytesText(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`;
  return bytes < 1e6 ? `${fine.format(bytes / 1e3)} KB` : `${fine.format(bytes / 1e6)} MB`;
}
