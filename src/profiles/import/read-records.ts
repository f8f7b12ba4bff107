import { parseJson, parseJsonObject } from '../../common/json-object.js';
import { UnreadableRequestError } from '../../common/errors.js';
import { RecordJoiner, splitEach, splitRecords } from '../../ingest/import/csv-records.js';
import type { Line } from '../../ingest/lines.js';
import { readObject } from '../../ingest/read-values.js';
import { Refusal } from '../../ingest/refusal.js';

/** One line of an import, or several that a quoted field spans. */
export interface ProfileRecord {
  /** Number of its first line, from 1. */
  line: number;
  text: string;
  /** What it says, not judged yet; or why nothing can be read. */
  read: () => unknown;
}

/** Many records are taken apart at once. */
const RECORDS_A_GROUP = 500;
/** As many traits as a user may have, and the columns that are none. */
const MAX_COLUMNS = 1_004;
const USER = 'user';
const TRAITS = 'traits';
const FIELDS = [USER, 'anonymous', 'timestamp'];

/** Newline-delimited JSON: a profile in each line, empty lines left out. */
export async function* readNdjson(lines: AsyncIterable<Line[]>): AsyncGenerator<ProfileRecord[]> {
  for await (const group of lines) {
    yield group
      .filter(({ text, problem }) => problem !== undefined || text.trim() !== '')
      .map((line) => ({ line: line.number, text: line.text, read: () => readLine(line) }));
    // The next may be long in coming, and these would be kept until then.
    group.length = 0;
  }
}

function readLine({ text, problem }: Line): unknown {
  if (problem)
    return new Refusal(problem.code === 'line_too_long' ? problem.code : 'unreadable_line');
  return parseJson(text) ?? new Refusal('unreadable_line');
}

/**
 * CSV (RFC 4180) with a header: `user`, `anonymous` and `timestamp`, and a column for each trait. An
 * empty cell says nothing. A column `traits` holds a JSON object, which counts over the others.
 *
 * @throws UnreadableRequestError when the header can't be used
 */
export async function* readCsv(lines: AsyncIterable<Line[]>): AsyncGenerator<ProfileRecord[]> {
  const joiner = new RecordJoiner();
  let header: string[] | undefined;
  for await (const group of lines) {
    const records = group.flatMap((line) => joiner.push(line));
    group.length = 0;
    if (header === undefined && records.length > 0) header = readHeader(records.shift());
    if (header !== undefined) yield* readGroups(records, header);
  }
  const rest = joiner.end();
  header ??= readHeader(rest.shift());
  yield* readGroups(rest, header);
}

function readHeader(line: Line | undefined): string[] {
  const isReadable = line !== undefined && !line.problem;
  const columns = isReadable ? splitRecords([line])?.[0]?.map((name) => name.trim()) : undefined;
  if (!columns) throw unusable('there is no header line that can be read');
  if (!columns.includes(USER)) throw unusable('the header has no column user');
  if (columns.length > MAX_COLUMNS) throw unusable('the header has more than 1,000 traits');
  const repeated = columns.find((name, index) => columns.indexOf(name) !== index);
  if (repeated !== undefined) throw unusable(`the header has the column ${shown(repeated)} twice`);
  const wrong = columns.find((name) => name === '' || !isTraitName(name));
  if (wrong !== undefined) throw unusable(`a column can't be named ${shown(wrong)}`);
  return columns;
}

function isTraitName(name: string): boolean {
  return !(readObject(Object.fromEntries([[name, 1]]), 'invalid_traits') instanceof Refusal);
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 100));
}

function unusable(message: string): UnreadableRequestError {
  const accepted = 'CSV begins with a header such as user,email,plan';
  return new UnreadableRequestError('unreadable_header', `${message}: ${accepted}`, 400);
}

function* readGroups(records: Line[], header: string[]): Generator<ProfileRecord[]> {
  for (let start = 0; start < records.length; start += RECORDS_A_GROUP) {
    const group = records.slice(start, start + RECORDS_A_GROUP);
    const rows = splitEach(group);
    yield group.map((record, index) => ({
      line: record.number,
      text: record.text,
      read: () => readRow(record, rows[index], header),
    }));
  }
}

function readRow({ problem }: Line, row: string[] | undefined, header: string[]): unknown {
  if (problem?.code === 'line_too_long') return new Refusal('line_too_long');
  if (row?.length !== header.length) return new Refusal('unreadable_record');
  const cells = header.map((name, index): [string, string] => [name, row[index]!]);
  const given = cells.filter(([name, value]) => name === USER || value !== '');
  const json = given.find(([name]) => name === TRAITS)?.[1];
  const object = json === undefined ? {} : parseJsonObject(json);
  if (!object) return new Refusal('invalid_traits');
  const columns = given.filter(([name]) => !FIELDS.includes(name) && name !== TRAITS);
  // Not by assignment: a column may be named __proto__.
  const traits = Object.fromEntries([...columns, ...Object.entries(object)]);
  return { ...Object.fromEntries(given.filter(([name]) => FIELDS.includes(name))), traits };
}
