import { MINUTE_MS, type Grain } from '../grains.js';

export const LENGTHS: Record<Grain, string> = {
  1: '1 minute',
  15: '15 minutes',
  60: '1 hour',
  1440: '1 day',
};

/** The moment at which a minute begins. */
export function timeOf(minute: number): string {
  return new Date(minute * MINUTE_MS).toISOString();
}

/** A number of things, such as `1 day` and `2 days`. */
export function amount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
