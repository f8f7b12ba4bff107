/**
 * Lines up cells in columns. Cells that begin with a digit, a sign or `<` count as numbers: a column
 * of them, and of empty cells, ends at the right.
 *
 * @param header the first line, ruled off from the rest
 */
export function formatTable(header: string[], rows: string[][]): string {
  const columns = header.map((title, index) => {
    const cells = rows.map((row) => row[index] ?? '');
    const width = Math.max(...[title, ...cells].map((cell) => cell.length));
    return { width, numeric: cells.length > 0 && cells.every(isNumeric) };
  });
  const line = (row: string[]): string =>
    columns
      .map(({ width, numeric }, index) => {
        const cell = row[index] ?? '';
        return numeric ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  const rule = columns.map(({ width }) => '-'.repeat(width)).join('  ');
  return [line(header), rule, ...rows.map(line)].join('\n');
}

function isNumeric(cell: string): boolean {
  return /^[-+<]?\d|^[-–]?$/.test(cell);
}

/** Three significant digits, thousands apart: `12,300`, `1.23`, `0.0456`. */
export function formatNumber(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 3 });
}
