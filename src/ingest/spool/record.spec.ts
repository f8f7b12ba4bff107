import { describe, expect, it } from '@jest/globals';
import { decodeRecords, encodeRecord } from './record.js';

const PAYLOADS = ['{"n":1}', `{"text":"${'ä€😀'.repeat(50)}"}`, '', '{"n":4}'];

function encoded(payloads = PAYLOADS): Buffer {
  return Buffer.concat(payloads.map(encodeRecord));
}

/** Where each record begins. */
const STARTS = PAYLOADS.map((_, index) => encoded(PAYLOADS.slice(0, index)).length);

describe('records of the spool', () => {
  it('come back as they were', () => {
    expect(decodeRecords(encoded())).toEqual({ payloads: PAYLOADS, damaged: [], torn: undefined });
    expect(decodeRecords(Buffer.alloc(0))).toEqual({ payloads: [], damaged: [], torn: undefined });
  });

  it('cut off anywhere, all before the cut is whole, and the rest is torn', () => {
    const bytes = encoded();
    for (let length = 0; length < bytes.length; length += 1) {
      const whole = STARTS.filter((_, index) => (STARTS[index + 1] ?? bytes.length) <= length);
      const start = whole.length === 0 ? 0 : (STARTS[whole.length] ?? bytes.length);
      expect(decodeRecords(bytes.subarray(0, length))).toEqual({
        payloads: PAYLOADS.slice(0, whole.length),
        damaged: [],
        torn: start === length ? undefined : { start, end: length },
      });
    }
  });

  it('with nothing but zeros in place of what was not written, the end is torn', () => {
    const bytes = Buffer.concat([encoded(['{"n":1}', '{"n":2}']), Buffer.alloc(500)]);
    const end = encoded(['{"n":1}', '{"n":2}']).length;
    expect(decodeRecords(bytes).torn).toEqual({ start: end, end: bytes.length });
  });

  it.each([1, 3, 8])(
    'whose last %d bytes are zeros are damaged: they may have been whole',
    (zeros) => {
      const bytes = encoded();
      bytes.fill(0, bytes.length - zeros);
      const damaged = [{ start: STARTS.at(-1), end: bytes.length }];
      expect(decodeRecords(bytes)).toMatchObject({ damaged, torn: undefined });
    },
  );

  it('changed in any byte of any record, that one alone is damaged, the last one too', () => {
    const bytes = encoded();
    for (const [index, start] of STARTS.entries()) {
      const end = STARTS[index + 1] ?? bytes.length;
      for (let place = start; place < end; place += 1) {
        const changed = Buffer.from(bytes);
        changed[place]! ^= 0x5a;
        const { payloads, damaged, torn } = decodeRecords(changed);
        expect(payloads).toEqual(PAYLOADS.filter((_, other) => other !== index));
        expect(damaged).toEqual([{ start, end }]);
        expect(torn).toBeUndefined();
      }
    }
  });

  it('that hold the mark of a record in their damage are found again', () => {
    const inner = encodeRecord('{"n":2}');
    const bytes = Buffer.concat([encodeRecord('{"n":1}'), inner.subarray(0, 9), encoded()]);
    expect(decodeRecords(bytes).payloads).toEqual(['{"n":1}', ...PAYLOADS]);
    expect(decodeRecords(bytes).damaged).toHaveLength(1);
  });
});
