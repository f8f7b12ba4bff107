import { parseJsonObject } from '../../common/json-object.js';
import type { EventFields } from '../normalise.js';
import { ImportError } from './import-error.js';
import { BROKEN_QUOTES, RecordJoiner, splitEach, splitRecords } from './csv-records.js';
import type { Line, LineProblem } from '../lines.js';
import { eventRecord, type ImportRecord } from './record.js';

const REQUIRED = ['timestamp', 'user', 'event'];
const FIELDS = [...REQUIRED, 'anonymous', 'id', 'source', 'bot'];
const PROPERTIES = 'properties';
/** Characters of a header that an error shows. */
const MAX_SHOWN = 500;

const NOT_PROPERTIES: LineProblem = {
  code: 'invalid_properties',
  message: 'properties must be a JSON object',
};

/**
 * Reads CSV (RFC 4180) with a header. Columns that aren't an event's fields become properties.
 *
 * @throws ImportError when the header can't be used
 */
export async function* readCsv(lines: AsyncIterable<Line[]>): AsyncGenerator<ImportRecord[]> {
  const joiner = new RecordJoiner();
  let header: string[] | undefined;
  for await (const group of lines) {
    const records = group.flatMap((line) => joiner.push(line));
    // The next group may be long in coming, and this one would be kept until then.
    group.length = 0;
    if (header === undefined && records.length > 0) header = readHeader(records.shift());
    if (header !== undefined) yield readRecords(records, header);
    records.length = 0;
  }
  const rest = joiner.end();
  if (header === undefined) header = readHeader(rest.shift());
  yield readRecords(rest, header);
}

function readHeader(line: Line | undefined): string[] {
  const columns =
    line && !line.problem ? splitRecords([line])?.[0]?.map((name) => name.trim()) : undefined;
  if (!columns) throw new ImportError('The file has no header line that can be read.', 2);
  const missing = REQUIRED.filter((name) => !columns.includes(name));
  if (missing.length > 0) {
    throw new ImportError(
      `The header has no column ${missing.join(', ')}. It has: ${shown(columns.join(', '))}. ` +
        'A CSV file begins with a header such as timestamp,user,event',
      2,
    );
  }
  const repeated = repeatedIn(columns);
  if (repeated !== undefined) {
    throw new ImportError(`The header has the column ${shown(repeated)} twice.`, 2);
  }
  return columns;
}

/** In one pass: a header may have half a million columns. */
function repeatedIn(columns: string[]): string | undefined {
  const seen = new Set<string>();
  return columns.find((name) => seen.size === seen.add(name).size);
}

function shown(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

function readRecords(records: Line[], header: string[]): ImportRecord[] {
  const rows = splitEach(records);
  return records.map(({ number, text, problem }, index) => {
    const row = rows[index];
    if (row === undefined) {
      return { line: number, text, events: [], problem: problem ?? BROKEN_QUOTES };
    }
    return readRow(number, text, row, header);
  });
}

function readRow(line: number, text: string, row: string[], header: string[]): ImportRecord {
  if (row.length !== header.length) {
    const message = `the header has ${header.length} columns, this line ${row.length}`;
    return { line, text, events: [], problem: { code: 'unreadable_line', message } };
  }
  const cells = header.map((name, index): [string, string] => [name, row[index]!]);
  const given = cells.filter(([name, value]) => REQUIRED.includes(name) || value !== '');
  const isField = ([name]: [string, string]): boolean => FIELDS.includes(name);
  const json = given.find(([name]) => name === PROPERTIES)?.[1];
  const properties = json === undefined ? {} : parseJsonObject(json);
  if (!properties) return { line, text, events: [], problem: NOT_PROPERTIES };
  const others = given.filter((cell) => !isField(cell) && cell[0] !== PROPERTIES);
  // Not by assignment: a column may be named __proto__.
  const merged = Object.fromEntries([...others, ...Object.entries(properties)]);
  const fields: EventFields = Object.fromEntries(given.filter(isField));
  if (Object.keys(merged).length > 0) fields.properties = merged;
  return eventRecord(line, text, fields);
}
