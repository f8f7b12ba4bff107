import {
  compact,
  forEachOf,
  fromSorted,
  has,
  intersect,
  intersects,
  isBits,
  sizeOf,
  subtract,
  unite,
  type Container,
} from './container.js';
import { readPortable, writePortable } from './portable-format.js';

/** What one container takes beside its values. */
const CONTAINER_BYTES = 200;

/**
 * A set of users by their numbers, `users.seq`: a Roaring bitmap (Lemire et al., "Roaring Bitmaps:
 * Implementation of an Optimized Software Library", 2018). The numbers are dense, so that most of it
 * is words of bits, which are united by the thousand.
 */
export class UserSet {
  private constructor(private readonly containers: Map<number, Container>) {}

  static empty(): UserSet {
    return new UserSet(new Map());
  }

  /** @param users in any order, perhaps with repetitions */
  static of(users: ArrayLike<number>): UserSet {
    const sorted = Uint32Array.from(users).toSorted();
    const containers = new Map<number, Container>();
    for (let start = 0; start < sorted.length;) {
      const key = sorted[start]! >>> 16;
      let end = start + 1;
      while (end < sorted.length && sorted[end]! >>> 16 === key) end += 1;
      // What doesn't fit into 16 bits is left away.
      containers.set(key, fromSorted(new Uint16Array(sorted.subarray(start, end))));
      start = end;
    }
    return new UserSet(containers);
  }

  /**
   * @param bytes in the portable format
   * @throws FormatError
   */
  static read(bytes: Uint8Array): UserSet {
    return new UserSet(new Map(readPortable(bytes)));
  }

  /** How many users it has. */
  get size(): number {
    let size = 0;
    for (const container of this.containers.values()) size += sizeOf(container);
    return size;
  }

  get isEmpty(): boolean {
    return this.containers.size === 0;
  }

  /** Roughly what it takes in memory. */
  get bytes(): number {
    let bytes = 0;
    for (const container of this.containers.values()) {
      bytes += CONTAINER_BYTES + container.byteLength;
    }
    return bytes;
  }

  has(user: number): boolean {
    const container = this.containers.get(user >>> 16);
    return container !== undefined && has(container, user & 0xffff);
  }

  clone(): UserSet {
    const containers = new Map<number, Container>();
    for (const [key, container] of this.containers) containers.set(key, container.slice());
    return new UserSet(containers);
  }

  /** Adds all users of another set, which stays as it is. */
  add(other: UserSet): void {
    for (const [key, container] of other.containers) {
      const own = this.containers.get(key);
      // Bits are written into: they must be this set's own.
      const united = own
        ? unite(own, container)
        : isBits(container)
          ? container.slice()
          : container;
      this.containers.set(key, united);
    }
  }

  /** Removes all users of another set. */
  remove(other: UserSet): void {
    for (const [key, container] of other.containers) {
      const own = this.containers.get(key);
      if (own) this.keep(key, subtract(own, container));
    }
  }

  /** The users that both have. */
  and(other: UserSet): UserSet {
    const both = UserSet.empty();
    const [few, many] =
      this.containers.size <= other.containers.size ? [this, other] : [other, this];
    for (const [key, container] of few.containers) {
      const another = many.containers.get(key);
      if (another) both.keep(key, intersect(container, another));
    }
    return both;
  }

  /** The users of this set alone. */
  without(other: UserSet): UserSet {
    const rest = this.clone();
    rest.remove(other);
    return rest;
  }

  intersects(other: UserSet): boolean {
    for (const [key, container] of this.containers) {
      const another = other.containers.get(key);
      if (another && intersects(container, another)) return true;
    }
    return false;
  }

  forEach(visit: (user: number) => void): void {
    for (const [key, container] of this.containers) {
      const base = key * 65_536;
      forEachOf(container, (value) => visit(base + value));
    }
  }

  /** In rising order. */
  toArray(): number[] {
    const users: number[] = [];
    this.forEach((user) => users.push(user));
    return users.toSorted((a, b) => a - b);
  }

  /** In the portable format. */
  write(): Buffer {
    return writePortable(
      [...this.containers]
        .toSorted(([one], [other]) => one - other)
        .map(([key, container]) => [key, compact(container)]),
    );
  }

  private keep(key: number, container: Container | undefined): void {
    if (container) this.containers.set(key, container);
    else this.containers.delete(key);
  }
}
