import { describe, expect, it } from '@jest/globals';
import { toCsv } from './csv.js';

describe('toCsv', () => {
  it('quotes what has to be', () => {
    expect(toCsv([['a', 'b,c', 'd"e', 'f\ng', null, 1.5, { h: 1 }]])).toBe(
      'a,"b,c","d""e","f\ng",,1.5,"{""h"":1}"\r\n',
    );
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '＝1'])('has no formula in %j', (text) => {
    expect(toCsv([[text]])).toBe(`'${text}\r\n`);
  });

  it('leaves numbers be', () => {
    expect(toCsv([[-1, 0]])).toBe('-1,0\r\n');
  });
});
