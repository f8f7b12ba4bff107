import { parseJsonObject } from '../../common/json-object.js';
import type { Line, LineProblem } from '../lines.js';
import { eventRecord, type ImportRecord } from './record.js';

const NOT_JSON: LineProblem = { code: 'unreadable_line', message: 'the line is not a JSON object' };

/** Reads newline-delimited JSON: an event in each line, empty lines left out. */
export async function* readNdjson(lines: AsyncIterable<Line[]>): AsyncGenerator<ImportRecord[]> {
  for await (const group of lines) {
    const given = group.filter(({ text }) => text.trim() !== '');
    // The next group may be long in coming, and this one would be kept until then.
    group.length = 0;
    yield given.map(readLine);
    given.length = 0;
  }
}

function readLine({ number, text, problem }: Line): ImportRecord {
  const fields = problem ? undefined : parseJsonObject(text);
  if (fields === undefined) return { line: number, text, events: [], problem: problem ?? NOT_JSON };
  return eventRecord(number, text, fields);
}
