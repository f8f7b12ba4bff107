/** An HTTP answer, as far as a benchmark looks at it. */
export interface Answer {
  status: number;
  body: Buffer;
}

const END_OF_HEAD = Buffer.from('\r\n\r\n');
const END_OF_LINE = Buffer.from('\r\n');
const LAST_CHUNK = Buffer.from('0\r\n\r\n');
/** In `HTTP/1.1 204 No Content`. */
const STATUS_START = 9;
const NO_CONTENT = Buffer.from('204 ');
const EMPTY = Buffer.alloc(0);

/**
 * Reads the answers of one connection that never has two requests under way (RFC 9112). It knows
 * what Node's server sends, and no more: a client shares the machine with what it measures, so it
 * has to be cheap.
 */
export class AnswerReader {
  private received: Buffer[] = [];
  private length = 0;
  private head: { status: number; start: number; bodyLength: number | 'chunked' } | undefined;

  /**
   * @param bytes may change afterwards: what has to be kept is copied
   * @returns the answer once it is whole
   */
  push(bytes: Buffer): Answer | undefined {
    // The most frequent answer comes in one piece and has no body by definition: no more work.
    if (this.length === 0 && bytes.indexOf(NO_CONTENT) === STATUS_START && endsHead(bytes)) {
      return { status: 204, body: EMPTY };
    }
    this.received.push(Buffer.from(bytes));
    this.length += bytes.length;
    this.head ??= this.readHead();
    if (!this.head || !this.isWhole(this.head)) return undefined;
    const { status, start, bodyLength } = this.head;
    const rest = bodyLength === 0 ? EMPTY : Buffer.concat(this.received).subarray(start);
    this.received = [];
    this.length = 0;
    this.head = undefined;
    return { status, body: bodyLength === 'chunked' ? joinChunks(rest) : rest };
  }

  private readHead(): AnswerReader['head'] {
    if (this.received.length > 1) this.received = [Buffer.concat(this.received)];
    const [bytes] = this.received;
    const end = bytes?.indexOf(END_OF_HEAD) ?? -1;
    if (!bytes || end === -1) return undefined;
    const status = Number(bytes.toString('latin1', STATUS_START, STATUS_START + 3));
    const start = end + END_OF_HEAD.length;
    if (status === 204) return { status, start, bodyLength: 0 };
    return { status, start, bodyLength: readBodyLength(bytes.toString('latin1', 0, end)) };
  }

  private isWhole({ start, bodyLength }: NonNullable<AnswerReader['head']>): boolean {
    if (bodyLength !== 'chunked') return this.length >= start + bodyLength;
    // JSON holds no line ends of this kind, so the end of the last chunk can't be part of the body.
    this.received = [Buffer.concat(this.received)];
    return this.received[0]!.subarray(start).subarray(-LAST_CHUNK.length).equals(LAST_CHUNK);
  }
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
