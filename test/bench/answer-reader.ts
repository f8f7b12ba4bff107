/** An HTTP answer, as far as a benchmark looks at it. */
export interface Answer {
  status: number;
  /** Overwritten by the next answer on the connection. */
  body: Buffer;
}

/** Most answers fit. */
const FIRST_BYTES = 16 * 1024;

const END_OF_HEAD = Buffer.from('\r\n\r\n');
const END_OF_LINE = Buffer.from('\r\n');
const LAST_CHUNK = Buffer.from('0\r\n\r\n');
/** In `HTTP/1.1 204 No Content`. */
const STATUS_START = 9;
const NO_CONTENT = Buffer.from('204 ');
const EMPTY = Buffer.alloc(0);

interface Head {
  status: number;
  /** Of the body. */
  start: number;
  bodyLength: number | 'chunked';
}

/**
 * Reads the answers of one connection that never has two requests under way (RFC 9112). It knows
 * what Node's server sends, and no more: a client shares the machine with what it measures, so it
 * has to be cheap.
 */
export class AnswerReader {
  /** Used again for each answer: to get memory from the system costs more than to fill it. */
  private buffer = Buffer.allocUnsafe(FIRST_BYTES);
  private length = 0;
  private head: Head | undefined;

  /**
   * @param bytes may change afterwards: what has to be kept is copied
   * @returns the answer once it is whole
   */
  push(bytes: Buffer): Answer | undefined {
    // The most frequent answer comes in one piece and has no body by definition: no more work.
    if (this.length === 0 && bytes.indexOf(NO_CONTENT) === STATUS_START && endsHead(bytes)) {
      return { status: 204, body: EMPTY };
    }
    this.keep(bytes);
    const received = this.buffer.subarray(0, this.length);
    this.head ??= readHead(received);
    if (!this.head || !isWhole(received, this.head)) return undefined;
    const { status, start, bodyLength } = this.head;
    const rest = received.subarray(start);
    this.length = 0;
    this.head = undefined;
    return { status, body: bodyLength === 'chunked' ? joinChunks(rest) : rest };
  }

  private keep(bytes: Buffer): void {
    const length = this.length + bytes.length;
    if (length > this.buffer.length) {
      const larger = Buffer.allocUnsafe(2 * length);
      this.buffer.copy(larger, 0, 0, this.length);
      this.buffer = larger;
    }
    bytes.copy(this.buffer, this.length);
    this.length = length;
  }
}

function readHead(bytes: Buffer): Head | undefined {
  const end = bytes.indexOf(END_OF_HEAD);
  if (end === -1) return undefined;
  const status = Number(bytes.toString('latin1', STATUS_START, STATUS_START + 3));
  const start = end + END_OF_HEAD.length;
  if (status === 204) return { status, start, bodyLength: 0 };
  return { status, start, bodyLength: readBodyLength(bytes.toString('latin1', 0, end)) };
}

function isWhole(bytes: Buffer, { start, bodyLength }: Head): boolean {
  if (bodyLength !== 'chunked') return bytes.length >= start + bodyLength;
  // JSON holds no line ends of this kind, so the end of the last chunk can't be part of the body.
  return bytes.subarray(start).subarray(-LAST_CHUNK.length).equals(LAST_CHUNK);
}

function endsHead(bytes: Buffer): boolean {
  return bytes.lastIndexOf(END_OF_HEAD) === bytes.length - END_OF_HEAD.length;
}

function readBodyLength(head: string): number | 'chunked' {
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) return 'chunked';
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined) throw new Error(`An answer without length:\n${head}`);
  return Number(length);
}

function joinChunks(encoded: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const lineEnd = encoded.indexOf(END_OF_LINE, at);
    const size = Number.parseInt(encoded.toString('latin1', at, lineEnd), 16);
    if (!(size > 0)) return Buffer.concat(parts);
    const start = lineEnd + END_OF_LINE.length;
    parts.push(encoded.subarray(start, start + size));
    at = start + size + END_OF_LINE.length;
  }
}
