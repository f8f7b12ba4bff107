import { isJsonObject, parseJson } from '../../common/json-object.js';
import { endOfText, endOfValue, trimmed, type Range } from './scan-json.js';

const HEAD = /^\{[ \t\r\n]*"events"[ \t\r\n]*:[ \t\r\n]*\[/;
const TAIL = /\][ \t\r\n]*\}$/;
/** More white space than that is left to the slow way. */
const END_BYTES = 200;
/** What may stand around the items. */
const MAX_FRAME_BYTES = 256 * 1024;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const OPENING_BRACE = 0x7b;

/**
 * Where the items of an array stand, or of an object whose only field is `events`.
 *
 * @returns for an object a guess, since other fields may follow; undefined for anything else
 */
export function guessItemsRange(bytes: Buffer): Range | undefined {
  const { start, end } = trimmed(bytes, { start: 0, end: bytes.length });
  if (bytes[start] === OPENING_BRACKET) {
    return end - 1 > start && bytes[end - 1] === CLOSING_BRACKET
      ? { start: start + 1, end: end - 1 }
      : undefined;
  }
  const head = HEAD.exec(bytes.toString('latin1', start, start + END_BYTES))?.[0];
  const tail = TAIL.exec(bytes.toString('latin1', Math.max(start, end - END_BYTES), end))?.[0];
  if (head === undefined || tail === undefined) return undefined;
  return { start: start + head.length, end: end - tail.length };
}

/** Where the items of an object's last `events` stand, whatever other fields there are. */
export function findItemsRange(bytes: Buffer): Range | undefined {
  const object = trimmed(bytes, { start: 0, end: bytes.length });
  if (bytes[object.start] !== OPENING_BRACE) return undefined;
  let found: Range | undefined;
  for (let { start } = object; start < object.end - 1;) {
    const field = { start: start + 1, end: object.end };
    field.end = endOfValue(bytes, field);
    found = itemsOfField(bytes, field) ?? found;
    const around = field.end - object.start - (found ? found.end - found.start : 0);
    if (around > MAX_FRAME_BYTES) return undefined;
    start = field.end;
  }
  return found && isFramed(bytes, found) ? found : undefined;
}

/** @returns undefined for another field than an array of the name `events` */
function itemsOfField(bytes: Buffer, field: Range): Range | undefined {
  const { start, end } = trimmed(bytes, field);
  const keyEnd = endOfText(bytes, { start, end }) + 1;
  if (parseJson(bytes.toString('utf8', start, Math.min(keyEnd, end))) !== 'events')
    return undefined;
  const colon = trimmed(bytes, { start: keyEnd, end }).start;
  const value = trimmed(bytes, { start: colon + 1, end });
  const isArray =
    bytes[value.start] === OPENING_BRACKET && bytes[value.end - 1] === CLOSING_BRACKET;
  return isArray ? { start: value.start + 1, end: value.end - 1 } : undefined;
}

/** Whether all around the items is JSON, and they are what it holds as `events`. */
function isFramed(bytes: Buffer, { start, end }: Range): boolean {
  if (bytes.length - (end - start) > MAX_FRAME_BYTES) return false;
  const frame = parseJson(`${bytes.toString('utf8', 0, start)}0${bytes.toString('utf8', end)}`);
  const items = isJsonObject(frame) ? frame['events'] : undefined;
  return Array.isArray(items) && items[0] === 0;
}
