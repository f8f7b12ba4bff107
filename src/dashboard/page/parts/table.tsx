import type { ComponentChildren } from 'preact';

export interface Column<Row> {
  title: string;
  isNumber?: boolean;
  cell: (row: Row) => ComponentChildren;
  /** From 0 to 1: a bar behind the cell, or how strongly it's coloured. */
  share?: (row: Row) => number;
  isHeat?: boolean;
}

interface TableProps<Row> {
  /** For whoever can't see it. */
  caption: string;
  columns: Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row, index: number) => string;
}

/** A table that scrolls sideways where there's no room. */
export function Table<Row>({ caption, columns, rows, keyOf }: TableProps<Row>) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={caption}>
      <table>
        <caption class="hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ title, isNumber }) => (
              <th key={title} scope="col" class={isNumber ? 'number' : ''}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={keyOf(row, index)}>
              {columns.map(({ title, isNumber, cell, share, isHeat }, place) => {
                const Cell = place === 0 ? 'th' : 'td';
                return (
                  <Cell
                    key={title}
                    {...(place === 0 && { scope: 'row' })}
                    class={`${isNumber ? 'number' : ''} ${share ? (isHeat ? 'heat' : 'bar') : ''}`}
                    {...(share && { style: { '--share': String(share(row)) } })}
                  >
                    {cell(row)}
                  </Cell>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
