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
  /** Whether its cells are below each other on a phone: of columns that are mostly text. */
  isStacked?: boolean;
}

/** A table that scrolls sideways where there's no room. */
export function Table<Row>({ caption, columns, rows, keyOf, isStacked }: TableProps<Row>) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={caption}>
      <table class={isStacked ? 'stacked' : ''}>
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
              {columns.map((column, place) => (
                <Cell key={column.title} column={column} row={row} isHead={place === 0} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface CellProps<Row> {
  column: Column<Row>;
  row: Row;
  isHead: boolean;
}

function Cell<Row>({ column, row, isHead }: CellProps<Row>) {
  const { title, isNumber = false, isHeat = false, cell, share } = column;
  const colour = isHeat ? 'heat' : 'bar';
  const attributes = {
    'data-title': title,
    class: [isNumber && 'number', share && colour].filter(Boolean).join(' '),
    ...(share && { style: { '--share': String(share(row)) } }),
  };
  return isHead ? (
    <th scope="row" {...attributes}>
      {cell(row)}
    </th>
  ) : (
    <td {...attributes}>{cell(row)}</td>
  );
}
