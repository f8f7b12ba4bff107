import { parse } from 'csv-parse/sync';
import type { Line, LineProblem } from '../lines.js';

/** Said of a line that can't be taken apart into fields. */
export const BROKEN_QUOTES: LineProblem = {
  code: 'unreadable_line',
  message: 'a quotation mark stands around a whole field, and doubled within one (RFC 4180)',
};

/**
 * Characters of a record that spans lines. No event that is accepted needs as many, and each time
 * that one is given up, all that is held is looked at again.
 */
const MAX_HELD = 128 * 1024;
/** What holding one more line costs, however short it is; in characters. */
const LINE_COST = 4;

/** Puts lines together that a quoted field spans. */
export class RecordJoiner {
  /** Lines of a record whose closing quotation mark hasn't come yet. */
  private open: Line[] = [];
  private openCost = 0;

  /** @returns the records that are complete with this line */
  push(line: Line): Line[] {
    if (this.open.length === 0) {
      if (line.text === '' && !line.problem) return [];
      if (line.problem || !isOpenAfter(line.text, false)) return [line];
      this.hold(line);
      return [];
    }
    this.hold(line);
    if (line.problem || this.openCost > MAX_HELD) return this.giveUp();
    if (isOpenAfter(line.text, true)) return [];
    const record = { number: this.open[0]!.number, text: join(this.open) };
    if (!splitRecords([record])) return this.giveUp();
    this.release();
    return [record];
  }

  /** @returns what is left when the file ends */
  end(): Line[] {
    const records: Line[] = [];
    while (this.open.length > 0) for (const record of this.giveUp()) records.push(record);
    return records;
  }

  private hold(line: Line): void {
    this.open.push(line);
    this.openCost += line.text.length + LINE_COST;
  }

  private release(): Line[] {
    const lines = this.open;
    this.open = [];
    this.openCost = 0;
    return lines;
  }

  /** A quotation mark that nothing closes spoils its own line, not the rest of the file. */
  private giveUp(): Line[] {
    const [first, ...others] = this.release();
    const records: Line[] = [{ ...first!, problem: first!.problem ?? BROKEN_QUOTES }];
    for (const line of others) for (const record of this.push(line)) records.push(record);
    return records;
  }
}

/**
 * Whether a quoted field is open where a text ends. Marks within a field that doesn't begin with one
 * open nothing: inches, for instance.
 *
 * @param open whether the text begins within a quoted field
 */
export function isOpenAfter(text: string, open: boolean): boolean {
  if (!text.includes('"')) return open;
  let at = 0;
  let quoted = open;
  for (;;) {
    if (!quoted && text[at] === '"') {
      quoted = true;
      at += 1;
    }
    if (quoted) {
      const mark = text.indexOf('"', at);
      if (mark === -1) return true;
      at = mark + 1;
      if (text[at] === '"') {
        at += 1;
        continue;
      }
      quoted = false;
    }
    const comma = text.indexOf(',', at);
    if (comma === -1) return false;
    at = comma + 1;
  }
}

function join(lines: Line[]): string {
  const last = lines.length - 1;
  return lines
    .map(({ text, crlf }, index) => (index === last ? text : text + (crlf ? '\r\n' : '\n')))
    .join('');
}

/** @returns the fields of each record, or undefined where that isn't what comes out */
export function splitRecords(records: Line[]): string[][] | undefined {
  try {
    const rows: string[][] = parse(records.map(({ text }) => text).join('\n'), {
      relax_column_count: true,
      record_delimiter: '\n',
    });
    return rows.length === records.length ? rows : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Many records are split at once; one by one only where that fails.
 *
 * @returns the fields of each, undefined for one that can't be taken apart
 */
export function splitEach(records: Line[]): (string[] | undefined)[] {
  const readable = records.filter(({ problem }) => !problem);
  const rows = readable.length > 0 ? splitRecords(readable) : [];
  let place = 0;
  return records.map((record) => {
    if (record.problem) return undefined;
    place += 1;
    return rows ? rows[place - 1] : splitRecords([record])?.[0];
  });
}
