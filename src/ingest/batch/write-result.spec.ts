import { describe, expect, it } from '@jest/globals';
import { REFUSALS, type RefusalCode } from '../refusal.js';
import type { BatchResultDto } from './batch.dto.js';
import { resultBytes, writeResult } from './write-result.js';

const ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** As it was written, into no more room than was asked for. */
function written(result: BatchResultDto): string {
  const buffer = Buffer.alloc(resultBytes(result));
  return buffer.toString('utf8', 0, writeResult(buffer, result));
}

describe('writeResult', () => {
  it('writes what JSON.stringify writes', () => {
    const codes = Object.keys(REFUSALS) as RefusalCode[];
    const result: BatchResultDto = {
      stored: 1,
      duplicates: 1,
      accepted: 1,
      rejected: codes.length,
      incomplete: 'the “rest” is missing',
      receipts: [
        { index: 0, id: ID, status: 'stored' },
        { index: 9_007_199_254_740_991, id: ID, status: 'duplicate' },
        { index: 12, id: ID, status: 'accepted' },
        ...codes.map((code, index) => ({
          index,
          status: 'rejected' as const,
          code,
          message: REFUSALS[code],
        })),
      ],
    };
    expect(written(result)).toBe(JSON.stringify(result));
  });

  it('has room for any number of the longest', () => {
    const index = Number.MAX_SAFE_INTEGER;
    const receipts = Array.from({ length: 1_000 }, () => ({
      index,
      id: ID,
      status: 'duplicate' as const,
    }));
    const result = { stored: 0, duplicates: 1_000, rejected: 0, receipts };
    expect(JSON.parse(written(result))).toEqual(result);
  });

  it('keeps what comes after the receipts', () => {
    const result = { stored: 0, duplicates: 0, rejected: 0, receipts: [], receipts_omitted: 3 };
    expect(JSON.parse(written(result))).toEqual(result);
  });
});
