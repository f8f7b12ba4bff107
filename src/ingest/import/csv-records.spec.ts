import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { quotesAfter, RecordJoiner, splitRecords } from './csv-records.js';

describe('quotesAfter', () => {
  it.each([
    ['', false, 'closed'],
    ['a,b', false, 'closed'],
    ['"a', false, 'open'],
    ['"a"', false, 'closed'],
    ['a,"b,', false, 'open'],
    ['"a""', false, 'open'],
    ['"a"""', false, 'closed'],
    ['"",""', false, 'closed'],
    ['5",6"', false, 'broken'],
    ['5","6', false, 'broken'],
    ['a, "b"', false, 'broken'],
    ['a,"b"c","d', false, 'broken'],
    ['a,b', true, 'open'],
    ['', true, 'open'],
    ['a""b', true, 'open'],
    ['a"', true, 'closed'],
    ['a"b', true, 'broken'],
    ['a","b', true, 'open'],
    ['"', true, 'closed'],
  ])('%j, %p before: %p', (text, open, expected) => {
    expect(quotesAfter(text, open)).toBe(expected);
  });
});

/** Lines of what quotes are about. */
const texts = fc.array(
  fc.string({ unit: fc.constantFrom('"', '"', '""', ',', ',"', '",', 'a'), maxLength: 6 }),
  { maxLength: 12 },
);

describe('RecordJoiner', () => {
  it('tells what can be taken apart as the parser does, and keeps every line once', () => {
    fc.assert(
      fc.property(texts, (lines) => {
        const joiner = new RecordJoiner();
        const given = lines.map((text, index) => ({ number: index + 1, text }));
        const records = [...given.flatMap((line) => joiner.push(line)), ...joiner.end()];
        for (const record of records) {
          expect(splitRecords([record]) === undefined).toBe(record.problem !== undefined);
        }
        const kept = records.flatMap(({ text }) => text.split('\n'));
        // Empty lines between records say nothing.
        expect(kept.filter(Boolean)).toEqual(lines.filter(Boolean));
        const numbers = records.map(({ number }) => number);
        expect(numbers).toEqual(numbers.toSorted((one, other) => one - other));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['5",x,"', 'marks that no field begins with'],
    ['"x"y,"', 'fields that go on behind their mark'],
    ['x,"', 'fields that the next line closes'],
    ['"x', 'fields that are never closed'],
    ['"",', 'marks that count twice'],
    ['a"b', 'marks within'],
  ])('takes a time that grows with the file alone: %s (%s)', (line) => {
    // By size: 30 times as many lines may take 30 times as long, not 900 times.
    const few = timed(line, 10_000);
    const many = timed(line, 300_000);
    expect(many).toBeLessThan(Math.max(few, 5) * 150);
  });
});

/** @returns milliseconds for so many lines behind one that opens a field */
function timed(text: string, count: number): number {
  const joiner = new RecordJoiner();
  const begun = performance.now();
  joiner.push({ number: 1, text: '"' });
  for (let number = 2; number <= count; number += 1) joiner.push({ number, text });
  joiner.end();
  return performance.now() - begun;
}
