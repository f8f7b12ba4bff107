import { describe, expect, it } from '@jest/globals';
import { formatNumber, formatTable } from './table.js';

describe('formatTable', () => {
  it('lines up text at the left and numbers at the right', () => {
    const rows = [
      ['batches', '12,300', 'yes'],
      ['one', '7', 'NO'],
    ];
    expect(formatTable(['what', 'events/s', 'met'], rows)).toBe(
      [
        'what     events/s  met',
        '-------  --------  ---',
        'batches    12,300  yes',
        'one             7  NO',
      ].join('\n'),
    );
  });

  it('takes a column with empty cells, and short rows', () => {
    const rows = [['a', '–', '1'], ['b']];
    expect(formatTable(['what', 'ratio', 'n'], rows)).toBe(
      ['what  ratio  n', '----  -----  -', 'a         –  1', 'b'].join('\n'),
    );
  });
});

describe('formatNumber', () => {
  it('keeps three significant digits', () => {
    expect(formatNumber(12_345)).toBe('12,300');
    expect(formatNumber(1.234)).toBe('1.23');
    expect(formatNumber(0.045_62)).toBe('0.0456');
    expect(formatNumber(0)).toBe('0');
  });
});
