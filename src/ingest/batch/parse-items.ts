import { isUtf8 } from 'node:buffer';
import { isJsonObject, parseJson } from '../../common/json-object.js';

/**
 * A text of more than 128 KB is laid out in memory of its own, taken from the system and given back
 * each time, which costs more than to parse it.
 */
const PIECE_BYTES = 64 * 1024;
/** Where an item may end and the next begin. Inside of a text or a nested value it may stand, too. */
const SEAM = Buffer.from('},{');
const HEAD = /^[ \t\r\n]*(?:\[|\{[ \t\r\n]*"events"[ \t\r\n]*:[ \t\r\n]*\[)/;
const TAIL = /\]([ \t\r\n]*\})?[ \t\r\n]*$/;
/** More white space than that is left to the slow way. */
const HEAD_BYTES = 200;
const SEAMS_TRIED = 8;
const BYTE_ORDER_MARK = Buffer.from('\uFEFF');

/**
 * The items of a JSON array, or of an object's `events`, in pieces, each of which takes about a
 * millisecond to parse.
 *
 * Pieces are cut where the bytes `},{` stand, which is a guess: in a text or a nested value they
 * don't end an item. But then the piece before, closed by `]`, is no JSON, since whatever is open
 * there stays open, and all is read as a whole. So what is read is what JSON.parse reads.
 *
 * @param turn is waited for before each piece
 * @returns with more items than the limit, not all of them
 * @throws SyntaxError where the text isn't such JSON
 */
export async function parseItems(
  body: Buffer,
  limit: number,
  turn: () => Promise<void>,
): Promise<unknown[][]> {
  if (!isUtf8(body)) throw new SyntaxError('not UTF-8');
  const bytes = body.subarray(0, 3).equals(BYTE_ORDER_MARK) ? body.subarray(3) : body;
  await turn();
  const range = bytes.length > PIECE_BYTES ? innerRange(bytes) : undefined;
  const pieces = range && (await parsePieces(bytes, { range, limit, turn }));
  return pieces ?? [itemsOf(parseJson(bytes.toString('utf8')))];
}

/** Where the bytes of something begin, and where they have ended. */
interface Range {
  start: number;
  end: number;
}

/** @returns undefined where the items end elsewhere, or the text isn't JSON */
async function parsePieces(
  bytes: Buffer,
  { range, limit, turn }: { range: Range; limit: number; turn: () => Promise<void> },
): Promise<unknown[][] | undefined> {
  const pieces: unknown[][] = [];
  let count = 0;
  for (let { start } = range; start < range.end && count <= limit;) {
    const piece = parsePiece(bytes, { start, end: range.end });
    if (!piece) return undefined;
    pieces.push(piece.items);
    count += piece.items.length;
    start = piece.end + 1;
    if (start < range.end) await turn();
  }
  return pieces;
}

/** The first seams may lie in a nested list: some more are tried. */
function parsePiece(bytes: Buffer, range: Range): { items: unknown[]; end: number } | undefined {
  let from = range.start + PIECE_BYTES;
  for (let tries = 0; tries < SEAMS_TRIED; tries += 1) {
    const seam = bytes.indexOf(SEAM, from);
    const isLast = seam === -1 || seam >= range.end;
    const end = isLast ? range.end : seam + 1;
    const items = parseJson(bracketed(bytes, { start: range.start, end }));
    if (items !== undefined) return { items: items as unknown[], end };
    if (isLast) return undefined;
    from = end;
  }
  return undefined;
}

/**
 * The text of a piece as a list of its own. The brackets are written around it for the moment: added
 * to the text they would copy it.
 */
function bracketed(bytes: Buffer, { start, end }: Range): string {
  const before = bytes[start - 1]!;
  const after = bytes[end]!;
  bytes.write('[', start - 1);
  bytes.write(']', end);
  const text = bytes.toString('utf8', start - 1, end + 1);
  bytes[start - 1] = before;
  bytes[end] = after;
  return text;
}

/** What stands between the brackets of an array of more than one item. */
function innerRange(bytes: Buffer): Range | undefined {
  const head = HEAD.exec(bytes.toString('latin1', 0, HEAD_BYTES))?.[0];
  const tail = TAIL.exec(bytes.toString('latin1', bytes.length - HEAD_BYTES));
  if (head === undefined || tail === null) return undefined;
  const isObject = head.trimStart().startsWith('{');
  if (isObject !== (tail[1] !== undefined)) return undefined;
  return { start: head.length, end: bytes.length - tail[0].length };
}

function itemsOf(value: unknown): unknown[] {
  const items = isJsonObject(value) ? value['events'] : value;
  if (!Array.isArray(items)) throw new SyntaxError('neither an array nor an object with events');
  return items;
}
