import { describe, expect, it } from '@jest/globals';
import { Room } from './room.js';

const KB = 1024;
const MB = 1024 * KB;

describe('Room', () => {
  it('is enough for large shares up to its limit, until one is given back', () => {
    const room = new Room(4 * MB);
    const first = room.share();
    const second = room.share();
    expect(first.hold(3 * MB)).toBe(true);
    expect(second.hold(MB)).toBe(true);
    expect(second.hold(MB + 1)).toBe(false);
    first.hold(0);
    expect(second.hold(4 * MB)).toBe(true);
  });

  it('is enough for ordinary shares up to twice its limit, whatever the large ones hold', () => {
    const room = new Room(MB);
    expect(room.share().hold(1.2 * MB)).toBe(false);
    const answers = Array.from({ length: 8 }, () => room.share().hold(200 * KB));
    expect(answers).toEqual([true, true, true, true, false, false, false, false]);
  });

  it('is always enough for tiny shares', () => {
    const room = new Room(MB);
    room.share().hold(10 * MB);
    for (let share = 0; share < 1_000; share += 1) expect(room.share().hold(16 * KB)).toBe(true);
    expect(room.share().hold(16 * KB + 1)).toBe(false);
  });
});
