import { stringify } from 'csv-stringify/sync';
import type { EventRow } from './engine/run-events.js';

const CSV_COLUMNS = ['timestamp', 'user', 'event', 'id', 'source', 'properties'];
export const CSV_HEADER = `${CSV_COLUMNS.join(',')}\n`;

/** A JSON object of the fields that the batch endpoint takes. */
export function toJsonLine({ key, user, event, source, properties }: EventRow): string {
  const fields = [
    `"timestamp":"${new Date(key.time).toISOString()}"`,
    ...(user === undefined ? [] : [`"user":${JSON.stringify(user)}`]),
    `"event":${JSON.stringify(event)}`,
    `"id":"${key.id}"`,
    `"source":${JSON.stringify(source)}`,
    // Numbers stay as they were stored.
    ...(properties === undefined ? [] : [`"properties":${properties}`]),
  ];
  return `{${fields.join(',')}}`;
}

/** The same as lines of CSV, without a header. */
export function toCsvLines(rows: readonly EventRow[]): string {
  return stringify(rows.map(toValues));
}

/** A page of events as CSV with a header, and whose of them are bots'. */
export function toCsvPage(rows: readonly EventRow[]): string {
  const lines = rows.map((row) => [...toValues(row), String(row.bot)]);
  return stringify([[...CSV_COLUMNS, 'bot'], ...lines]);
}

function toValues({ key, user, event, source, properties }: EventRow): string[] {
  const time = new Date(key.time).toISOString();
  return [time, user ?? '', event, key.id, source, properties ?? ''];
}
