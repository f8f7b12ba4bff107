const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPENING = [0x5b, 0x7b];
const CLOSING = [0x5d, 0x7d];
const WHITE_SPACE = [0x20, 0x09, 0x0a, 0x0d];

/** Where bytes of something begin, and where they have ended. */
export interface Range {
  start: number;
  end: number;
}

/**
 * Finds the end of a value in valid JSON without parsing it: of what is no JSON it tells something.
 *
 * @returns the place of the comma or the bracket behind it, or the range's end
 */
export function endOfValue(bytes: Buffer, { start, end }: Range): number {
  let depth = 0;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at]!;
    if (byte === QUOTE) {
      at = endOfText(bytes, { start: at, end });
    } else if (byte === COMMA) {
      if (depth === 0) return at;
    } else if (OPENING[0] === byte || OPENING[1] === byte) {
      depth += 1;
    } else if (CLOSING[0] === byte || CLOSING[1] === byte) {
      if (depth === 0) return at;
      depth -= 1;
    }
  }
  return end;
}

/** @returns the place of the quote that closes the one at the start, or the range's end */
export function endOfText(bytes: Buffer, { start, end }: Range): number {
  for (let at = start + 1; at < end; at += 1) {
    if (bytes[at] === BACKSLASH) at += 1;
    else if (bytes[at] === QUOTE) return at;
  }
  return end;
}

/** Leaves out the white space at both ends. */
export function trimmed(bytes: Buffer, { start, end }: Range): Range {
  let first = start;
  let last = end;
  while (first < last && WHITE_SPACE.includes(bytes[first]!)) first += 1;
  while (first < last && WHITE_SPACE.includes(bytes[last - 1]!)) last -= 1;
  return { start: first, end: last };
}
