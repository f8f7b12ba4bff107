import { describe, expect, it } from '@jest/globals';
import { GrowingBuffer } from './growing-buffer.js';

describe('GrowingBuffer', () => {
  it.each([1, 7, 100_000])('holds what came in pieces of %d bytes', (size) => {
    const text = 'äöü0123456789'.repeat(20_000);
    const all = Buffer.from(text);
    const buffer = new GrowingBuffer();
    for (const round of [1, 2]) {
      for (let start = 0; start < all.length; start += size) {
        buffer.append(all.subarray(start, start + size));
      }
      expect(buffer.bytes.toString()).toBe(text);
      buffer.clear();
      expect([round, buffer.bytes.length]).toEqual([round, 0]);
    }
  });

  it('copies what it takes', () => {
    const piece = Buffer.from('abc');
    const buffer = new GrowingBuffer();
    buffer.append(piece);
    piece.fill('x');
    expect(buffer.bytes.toString()).toBe('abc');
  });

  it('fills memory that it was given first', () => {
    const given = Buffer.alloc(4);
    const buffer = new GrowingBuffer(given);
    buffer.append(Buffer.from('abcd'));
    expect(given.toString()).toBe('abcd');
    buffer.append(Buffer.from('e'));
    expect(buffer.bytes.toString()).toBe('abcde');
  });
});
