/**
 * The users of one block of 65,536 consecutive numbers, by their low 16 bits: few as a sorted array
 * without repetitions, many as a bit for each.
 */
export type Container = Uint16Array | Uint32Array;

/** From so many on a container of bits is the smaller one: what the portable format prescribes. */
export const MAX_ARRAY = 4096;
/** Of a container of bits. */
export const WORDS = 2048;
const LAST_VALUE = 0xffff;

export function isBits(container: Container): container is Uint32Array {
  return container instanceof Uint32Array;
}

/** How many bits each number of 16 bits has: looking up is twice as fast as reckoning. */
const BITS_OF = new Uint8Array(LAST_VALUE + 1);
for (let value = 1; value <= LAST_VALUE; value += 1) {
  BITS_OF[value] = BITS_OF[value >> 1]! + (value & 1);
}

export function sizeOf(container: Container): number {
  if (!isBits(container)) return container.length;
  let size = 0;
  for (let index = 0; index < WORDS; index += 1) {
    const word = container[index]!;
    size += BITS_OF[word & LAST_VALUE]! + BITS_OF[word >>> 16]!;
  }
  return size;
}

export function has(container: Container, value: number): boolean {
  if (isBits(container)) return (container[value >>> 5]! & (1 << (value & 31))) !== 0;
  let low = 0;
  let high = container.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (container[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return container[low] === value;
}

export function forEachOf(container: Container, visit: (value: number) => void): void {
  if (!isBits(container)) {
    for (const value of container) visit(value);
    return;
  }
  for (let index = 0; index < WORDS; index += 1) {
    let word = container[index]!;
    while (word !== 0) {
      const bit = 31 - Math.clz32(word & -word);
      visit(32 * index + bit);
      word &= word - 1;
    }
  }
}

function toBits(container: Container): Uint32Array {
  if (isBits(container)) return container.slice();
  const bits = new Uint32Array(WORDS);
  setAll(bits, container);
  return bits;
}

/** In the smaller of the two forms. */
export function compact(container: Container): Container {
  if (!isBits(container)) return container;
  const size = sizeOf(container);
  if (size > MAX_ARRAY) return container;
  const values = new Uint16Array(size);
  let index = 0;
  forEachOf(container, (value) => {
    values[index] = value;
    index += 1;
  });
  return values;
}

/** @param values sorted, perhaps with repetitions */
export function fromSorted(values: Uint16Array): Container {
  let size = 0;
  const distinct = new Uint16Array(values.length);
  for (let index = 0; index < values.length; index += 1) {
    if (index > 0 && values[index] === values[index - 1]) continue;
    distinct[size] = values[index]!;
    size += 1;
  }
  return size > MAX_ARRAY ? toBits(distinct.subarray(0, size)) : distinct.slice(0, size);
}

/**
 * @param own may be written into, where it is of bits
 * @returns all of both: `own` itself, or a new one
 */
export function unite(own: Container, other: Container): Container {
  if (isBits(own)) {
    if (isBits(other)) {
      for (let index = 0; index < WORDS; index += 1) own[index]! |= other[index]!;
    } else {
      setAll(own, other);
    }
    return own;
  }
  if (isBits(other)) return unite(other.slice(), own);
  // What grows further grows faster as bits.
  if (own.length + other.length > MAX_ARRAY / 4) return unite(toBits(own), other);
  return mergeArrays(own, other);
}

/** @returns undefined for none */
export function intersect(one: Container, other: Container): Container | undefined {
  if (isBits(one) && isBits(other)) {
    const bits = new Uint32Array(WORDS);
    let any = 0;
    for (let index = 0; index < WORDS; index += 1) {
      bits[index] = one[index]! & other[index]!;
      any |= bits[index]!;
    }
    return any === 0 ? undefined : bits;
  }
  const [few, many] = isBits(one) ? [other as Uint16Array, one] : [one, other];
  const values = few.filter((value) => has(many, value));
  return values.length === 0 ? undefined : values;
}

/** @returns what `one` has and `other` hasn't; undefined for none */
export function subtract(one: Container, other: Container): Container | undefined {
  if (!isBits(one)) {
    const values = one.filter((value) => !has(other, value));
    return values.length === 0 ? undefined : values;
  }
  const bits = one.slice();
  if (isBits(other)) {
    for (let index = 0; index < WORDS; index += 1) bits[index]! &= ~other[index]!;
  } else {
    for (const value of other) bits[value >>> 5]! &= ~(1 << (value & 31));
  }
  return bits.some((word) => word !== 0) ? bits : undefined;
}

export function intersects(one: Container, other: Container): boolean {
  if (isBits(one) && isBits(other)) {
    for (let index = 0; index < WORDS; index += 1) {
      if ((one[index]! & other[index]!) !== 0) return true;
    }
    return false;
  }
  const [few, many] = isBits(one) ? [other as Uint16Array, one] : [one, other];
  return few.some((value) => has(many, value));
}

function setAll(bits: Uint32Array, values: Uint16Array): void {
  for (const value of values) bits[value >>> 5]! |= 1 << (value & 31);
}

function mergeArrays(one: Uint16Array, other: Uint16Array): Uint16Array {
  const merged = new Uint16Array(one.length + other.length);
  let [left, right, size] = [0, 0, 0];
  while (left < one.length && right < other.length) {
    const [a, b] = [one[left]!, other[right]!];
    merged[size] = Math.min(a, b);
    size += 1;
    if (a <= b) left += 1;
    if (b <= a) right += 1;
  }
  const rest = left < one.length ? one.subarray(left) : other.subarray(right);
  merged.set(rest, size);
  return merged.slice(0, size + rest.length);
}
