import { stringify } from 'csv-stringify/sync';
import { toTable } from './csv-text.js';
import type { EventRow } from './engine/event-rows.js';

// What came later stands last: programs may read columns by their places.
const CSV_COLUMNS = ['timestamp', 'user', 'event', 'id', 'source', 'properties'];
const EXPORT_COLUMNS = [...CSV_COLUMNS, 'anonymous', 'bot'];
const PAGE_COLUMNS = [...CSV_COLUMNS, 'bot', 'anonymous', 'person'];
export const CSV_HEADER = `${EXPORT_COLUMNS.join(',')}\n`;

/** A JSON object of the fields that the batch endpoint takes. */
export function toJsonLine(row: EventRow): string {
  const bot = row.bot ? ['"bot":true'] : [];
  return `{${[...fieldsOf(row), ...bot].join(',')}}`;
}

/** The same, and what else is known: whether it's a bot's, and whose it is by now. */
export function toListedLine(row: EventRow): string {
  const person = row.person === undefined ? [] : [`"person":${JSON.stringify(row.person)}`];
  return `{${[...fieldsOf(row), ...person, `"bot":${row.bot}`].join(',')}}`;
}

function fieldsOf({ key, user, isAnonymous, event, source, properties }: EventRow): string[] {
  return [
    `"timestamp":"${new Date(key.time).toISOString()}"`,
    ...(user === undefined ? [] : [`"user":${JSON.stringify(user)}`]),
    ...(isAnonymous ? ['"anonymous":true'] : []),
    `"event":${JSON.stringify(event)}`,
    `"id":"${key.id}"`,
    `"source":${JSON.stringify(source)}`,
    // Numbers stay as they were stored.
    ...(properties === undefined ? [] : [`"properties":${properties}`]),
  ];
}

/** The fields of the batch endpoint as lines of CSV, as they were sent: an import takes them back. */
export function toCsvLines(rows: readonly EventRow[]): string {
  return stringify(rows.map((row) => [...toValues(row), anonymousOf(row), row.bot ? 'true' : '']));
}

/** A page of events as CSV with a header, and what else is known. */
export function toCsvPage(rows: readonly EventRow[]): string {
  const lines = rows.map((row) => [
    ...toValues(row),
    String(row.bot),
    anonymousOf(row),
    row.person ?? '',
  ]);
  return toTable([PAGE_COLUMNS, ...lines]);
}

/** Most are known, and no bots: for them it's left empty, as it may be in a file that is imported. */
function anonymousOf({ isAnonymous }: EventRow): string {
  return isAnonymous ? 'true' : '';
}

function toValues({ key, user, event, source, properties }: EventRow): string[] {
  const time = new Date(key.time).toISOString();
  return [time, user ?? '', event, key.id, source, properties ?? ''];
}
