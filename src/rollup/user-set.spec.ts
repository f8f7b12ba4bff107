import { beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import roaring from 'roaring-wasm';
import { FormatError } from './portable-format.js';
import { UserSet } from './user-set.js';

const { RoaringBitmap32, roaringLibraryInitialize } = roaring;

/** Sparse, dense, and across blocks of 65,536. */
const users = fc
  .record({
    base: fc.constantFrom(1, 65_500, 131_072, 2_147_000_000),
    spread: fc.constantFrom(10, 6_000, 200_000),
    picks: fc.array(fc.nat(1_000_000), { maxLength: 300 }),
    repeat: fc.constantFrom(1, 40),
  })
  .map(({ base, spread, picks, repeat }) =>
    picks.flatMap((pick) =>
      Array.from({ length: repeat }, (_, index) => base + ((pick + index * 13) % spread)),
    ),
  );

describe('UserSet', () => {
  beforeAll(() => roaringLibraryInitialize());

  it('does what sets of numbers do', () => {
    fc.assert(
      fc.property(users, users, (left, right) => {
        const [a, b] = [new Set(left), new Set(right)];
        const sorted = (values: Iterable<number>): number[] =>
          [...values].toSorted((x, y) => x - y);
        const one = UserSet.of(left);
        const other = UserSet.of(right);
        expect(one.size).toBe(a.size);
        expect(one.toArray()).toEqual(sorted(a));
        const united = one.clone();
        united.add(other);
        expect(united.toArray()).toEqual(sorted(new Set([...a, ...b])));
        expect(united.size).toBe(new Set([...a, ...b]).size);
        expect(one.and(other).toArray()).toEqual(sorted([...a].filter((user) => b.has(user))));
        expect(one.without(other).toArray()).toEqual(sorted([...a].filter((user) => !b.has(user))));
        expect(one.intersects(other)).toBe([...a].some((user) => b.has(user)));
        expect(left.every((user) => one.has(user))).toBe(true);
        expect(right.every((user) => one.has(user) === a.has(user))).toBe(true);
        // Whatever was done with them, they themselves are the same.
        expect([one.toArray(), other.toArray()]).toEqual([sorted(a), sorted(b)]);
      }),
    );
  });

  it('writes and reads what any Roaring library does', () => {
    fc.assert(
      fc.property(users, fc.boolean(), (numbers, withRuns) => {
        const set = UserSet.of(numbers);
        const theirs = new RoaringBitmap32(numbers);
        expect(Buffer.compare(set.write(), Buffer.from(theirs.serialize('portable')))).toBe(0);
        if (withRuns) theirs.runOptimize();
        const read = UserSet.read(theirs.serialize('portable'));
        expect(read.toArray()).toEqual(set.toArray());
        expect(read.write()).toEqual(set.write());
        theirs.dispose();
      }),
    );
  });

  it('reads runs in few and in many blocks', () => {
    for (const end of [70_000, 1_000_000]) {
      const theirs = RoaringBitmap32.fromRange(1, end);
      theirs.runOptimize();
      expect(UserSet.read(theirs.serialize('portable')).size).toBe(end - 1);
      theirs.dispose();
    }
  });

  it.each([
    ['nothing', []],
    ['another format', [1, 2, 3, 4, 5, 6, 7, 8]],
    ['a bitmap that is cut off', [...UserSet.of([1, 2, 3]).write().subarray(0, -1)]],
  ])('refuses %s', (_, bytes) => {
    expect(() => UserSet.read(Uint8Array.from(bytes))).toThrow(FormatError);
  });
});
