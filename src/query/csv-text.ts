import { stringify } from 'csv-stringify/sync';

/**
 * A table for people, whose spreadsheet would take a text that begins with `=`, `+`, `-`, `@`, a tab or
 * a carriage return for a formula, and might run it: such texts get an apostrophe before them. Numbers
 * stay as they are. What programs take back is written without it, and JSON has all texts as stored.
 *
 * @see https://owasp.org/www-community/attacks/CSV_Injection
 */
export function toTable(rows: readonly (readonly unknown[])[]): string {
  return stringify([...rows], {
    cast: { boolean: String },
    escape_formulas: true,
    // Many readers take it for the end of a line, and what follows for a cell of its own.
    quoted_match: /\r/,
  });
}
