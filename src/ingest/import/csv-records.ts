import { parse } from 'csv-parse/sync';
import type { Line, LineProblem } from '../lines.js';

/** Said of a line that can't be taken apart into fields. */
export const BROKEN_QUOTES: LineProblem = {
  code: 'unreadable_line',
  message: 'a quotation mark stands around a whole field, and doubled within one (RFC 4180)',
};

/** Characters of a record that spans lines. No event that is accepted needs as many. */
const MAX_HELD = 128 * 1024;
/** What holding one more line costs, however short it is; in characters. */
const LINE_COST = 4;

/** Puts lines together that a quoted field spans, in a time that grows with their length alone. */
export class RecordJoiner {
  /** Lines of a record whose closing quotation mark hasn't come yet. */
  private open: Line[] = [];
  private openCost = 0;

  /** @returns the records that are complete with this line */
  push(line: Line): Line[] {
    if (this.open.length === 0) {
      if (line.text === '' && !line.problem) return [];
      if (line.problem) return [line];
      const quotes = quotesAfter(line.text, false);
      if (quotes === 'broken') return [{ ...line, problem: BROKEN_QUOTES }];
      if (quotes === 'closed') return [line];
      this.hold(line);
      return [];
    }
    this.hold(line);
    if (line.problem || this.openCost > MAX_HELD) return this.giveUp();
    const quotes = quotesAfter(line.text, true);
    if (quotes === 'broken') return this.giveUp();
    if (quotes === 'open') return [];
    const lines = this.release();
    return [{ number: lines[0]!.number, text: join(lines) }];
  }

  /** @returns what is left when the file ends */
  end(): Line[] {
    return this.open.length > 0 ? this.giveUp() : [];
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

  /**
   * A quotation mark that nothing closes spoils its own line, not the rest of the file. A line that
   * left the field open has an even number of marks: by itself it leaves none open, so that of those
   * that were held only the last can be held again.
   */
  private giveUp(): Line[] {
    const [first, ...others] = this.release();
    const records: Line[] = [{ ...first!, problem: first!.problem ?? BROKEN_QUOTES }];
    for (const line of others) for (const record of this.push(line)) records.push(record);
    return records;
  }
}

/**
 * Whether a quoted field is open where a text ends. The text is broken by a mark within a field that
 * doesn't begin with one, such as inches, and by what follows a field's closing mark.
 *
 * @param open whether the text begins within a quoted field
 */
export function quotesAfter(text: string, open: boolean): 'open' | 'closed' | 'broken' {
  let at = 0;
  let quoted = open;
  for (;;) {
    const mark = text.indexOf('"', at);
    if (mark === -1) return quoted ? 'open' : 'closed';
    at = mark + 1;
    if (!quoted) {
      if (mark > 0 && text[mark - 1] !== ',') return 'broken';
      quoted = true;
    } else if (text[at] === '"') {
      at += 1;
    } else {
      if (at < text.length && text[at] !== ',') return 'broken';
      quoted = false;
    }
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
