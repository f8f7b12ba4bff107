import { describe, expect, it } from '@jest/globals';
import { markOf, type Entry } from './entries.js';
import { Ring } from './ring.js';

function ringOf(count: number, bytes = 0): Ring {
  const ring = new Ring();
  for (let number = 0; number < count; number += 1) {
    ring.push({ id: `a-${number}`, text: 'x'.repeat(bytes) });
  }
  return ring;
}

const ids = (entries: Entry[]): string[] => entries.map(({ id }) => id);

describe('a ring', () => {
  it('knows the place behind a message, and what comes from there on', () => {
    const ring = ringOf(5);
    expect(ring.placeAfter('a-2')).toBe(3);
    expect(ids(ring.read(3, 10))).toEqual(['a-3', 'a-4']);
    expect(ids(ring.read(1, 2))).toEqual(['a-1', 'a-2']);
    expect(ring.read(ring.end, 10)).toEqual([]);
    expect(ring.lastId).toBe('a-4');
  });

  it.each([
    ['1,000 messages', 0, 1_000],
    ['4 MB', 1024 * 1024, 4],
  ])('keeps %s', (_, bytes, kept) => {
    const ring = ringOf(1_003, bytes);
    expect(ring.end - ring.start).toBe(kept);
    expect(ring.placeAfter(`a-${1_002 - kept}`)).toBeUndefined();
    expect(ids(ring.read(ring.start, 1))).toEqual([`a-${1_003 - kept}`]);
    expect(ring.end).toBe(1_003);
  });

  it('goes on after it was cleared', () => {
    const ring = ringOf(3);
    ring.clear();
    expect(ring.isEmpty).toBe(true);
    expect(ring.placeAfter('a-1')).toBeUndefined();
    expect([ring.start, ring.end, ring.lastId]).toEqual([3, 3, undefined]);
    ring.push(markOf('b-1'));
    expect(ring.placeAfter('b-1')).toBe(4);
    expect(ids(ring.read(3, 10))).toEqual(['b-1']);
  });
});
