import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { Persons } from './persons.js';

const pairs = fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1 })), {
  selector: ([user]) => user,
});

function personsOf(given: [number, number][]): Persons {
  const sorted = given.toSorted(([one], [other]) => one - other);
  return Persons.ofColumns(
    Int32Array.from(sorted, ([user]) => user),
    Int32Array.from(sorted, ([, person]) => person),
  );
}

describe('persons', () => {
  it('are found as in a map, in any order, with others over them', () => {
    fc.assert(
      fc.property(
        pairs,
        pairs,
        fc.array(fc.integer({ min: 0, max: 62 })),
        (some, others, asked) => {
          const map = new Map([...some, ...others]);
          const persons = personsOf(some).with(new Map(others));
          expect(persons.size).toBe(map.size);
          const find = persons.finder();
          for (const user of asked) expect(find(user)).toBe(map.get(user));
          for (const user of asked.toSorted((one, other) => one - other)) {
            expect(find(user)).toBe(map.get(user));
          }
        },
      ),
    );
  });
});
