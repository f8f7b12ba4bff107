import { isUtf8 } from 'node:buffer';
import { isJsonObject, parseJson } from '../../common/json-object.js';
import { findItemsRange, guessItemsRange } from './items-range.js';
import { endOfValue, trimmed, type Range } from './scan-json.js';

/**
 * A text of more than 128 KB is laid out in memory of its own, taken from the system and given back
 * each time, which costs more than to parse it.
 */
const PIECE_BYTES = 64 * 1024;
/** Parsed, a megabyte of brackets takes 30 times as much, and holds up all others for 0.1 s. */
const MAX_ITEM_BYTES = 1024 * 1024;
/** Bytes of a larger item that are kept. */
const SHOWN_BYTES = 1_000;
/** Where an item may end and the next begin. Inside of a text or a nested value it may stand, too. */
const SEAM = Buffer.from('},{');
const SEAMS_TRIED = 8;
/** A wrong guess costs as much as to parse it. */
const MAX_GUESSED_BYTES = 2 * PIECE_BYTES;
const COMMA = 0x2c;
const BYTE_ORDER_MARK = Buffer.from('\uFEFF');

/** An item that is larger than any event, and was not parsed. */
export class OversizedItem {
  constructor(readonly beginning: string) {}
}

/** What becomes of items. */
export interface ItemReader<T> {
  /** More are not read to their end. */
  readonly limit: number;
  /** Is waited for before each piece, which takes about a millisecond. */
  readonly turn: () => Promise<void>;
  /** What is kept of an item. May be called again for the same one. */
  readonly read: (item: unknown) => T;
}

/** Some items that stand together. */
interface Piece {
  items: unknown[];
  end: number;
}

/**
 * Reads the items of a JSON array, or of an object's `events`, a piece at a time.
 *
 * Pieces are cut where the bytes `},{` stand, which is a guess: in a text or a nested value they
 * don't end an item. But then the piece before, closed by `]`, is no JSON, since whatever is open
 * there stays open, and the end is looked for byte by byte. So what is read is what JSON.parse
 * reads, but for items of more than 1 MB, in whose place an OversizedItem stands.
 *
 * @returns with more items than the limit, not all of them
 * @throws SyntaxError where the text isn't such JSON
 */
export async function parseItems<T>(body: Buffer, reader: ItemReader<T>): Promise<T[]> {
  if (!isUtf8(body)) throw new SyntaxError('not UTF-8');
  const bytes = body.subarray(0, 3).equals(BYTE_ORDER_MARK) ? body.subarray(3) : body;
  await reader.turn();
  if (bytes.length <= PIECE_BYTES) {
    return itemsOf(parseJson(bytes.toString('utf8'))).map((item) => reader.read(item));
  }
  for (const rangeOf of [guessItemsRange, findItemsRange]) {
    const range = rangeOf(bytes);
    const items = range && (await parsePieces(bytes, range, reader));
    if (items) return items;
  }
  throw notItems();
}

/** @returns undefined where the items end elsewhere, or the text isn't JSON */
async function parsePieces<T>(
  bytes: Buffer,
  range: Range,
  { limit, turn, read }: ItemReader<T>,
): Promise<T[] | undefined> {
  const kept: T[] = [];
  for (let { start } = range; kept.length <= limit;) {
    const rest = { start, end: range.end };
    const piece = guessPiece(bytes, rest) ?? scanPiece(bytes, rest);
    const isWhole = start === range.start && piece?.end === range.end;
    // Nothing before a comma, or behind one.
    if (!piece || (piece.items.length === 0 && !isWhole)) return undefined;
    for (const item of piece.items) kept.push(read(item));
    if (piece.end === range.end) return kept;
    start = piece.end + 1;
    await turn();
  }
  return kept;
}

/** Tries the first seams: some may lie in a nested list. */
function guessPiece(bytes: Buffer, range: Range): Piece | undefined {
  let from = range.start + PIECE_BYTES;
  for (let tries = 0; tries < SEAMS_TRIED; tries += 1) {
    const seam = bytes.indexOf(SEAM, from);
    const isLast = seam === -1 || seam >= range.end;
    const end = isLast ? range.end : seam + 1;
    if (end - range.start > MAX_GUESSED_BYTES) return undefined;
    const items = parseRange(bytes, { start: range.start, end });
    if (items) return { items, end };
    if (isLast) return undefined;
    from = end;
  }
  return undefined;
}

/** Goes from comma to comma. */
function scanPiece(bytes: Buffer, range: Range): Piece | undefined {
  for (let { start } = range; ;) {
    const end = endOfValue(bytes, { start, end: range.end });
    const isLast = end === range.end;
    // A bracket that nothing opened.
    if (!isLast && bytes[end] !== COMMA) return undefined;
    const item = trimmed(bytes, { start, end });
    if (item.end - item.start > MAX_ITEM_BYTES) {
      return start === range.start
        ? { items: [oversized(bytes, item)], end }
        : pieceOf(bytes, { start: range.start, end: start - 1 });
    }
    if (isLast || end - range.start >= PIECE_BYTES) {
      return pieceOf(bytes, { start: range.start, end });
    }
    start = end + 1;
  }
}

function pieceOf(bytes: Buffer, range: Range): Piece | undefined {
  const items = parseRange(bytes, range);
  return items && { items, end: range.end };
}

/**
 * Parses items as a list of their own. The brackets are written around them for the moment: added to
 * the text they would copy it.
 */
function parseRange(bytes: Buffer, { start, end }: Range): unknown[] | undefined {
  const before = bytes[start - 1]!;
  const after = bytes[end]!;
  bytes.write('[', start - 1);
  bytes.write(']', end);
  const text = bytes.toString('utf8', start - 1, end + 1);
  bytes[start - 1] = before;
  bytes[end] = after;
  return parseJson(text) as unknown[] | undefined;
}

function oversized(bytes: Buffer, { start, end }: Range): OversizedItem {
  return new OversizedItem(bytes.toString('utf8', start, Math.min(end, start + SHOWN_BYTES)));
}

function itemsOf(value: unknown): unknown[] {
  const items = isJsonObject(value) ? value['events'] : value;
  if (!Array.isArray(items)) throw notItems();
  return items;
}

function notItems(): SyntaxError {
  return new SyntaxError('neither an array nor an object with events');
}
