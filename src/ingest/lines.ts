import { isUtf8 } from 'node:buffer';
import { GrowingBuffer } from './growing-buffer.js';
import type { Reason, RefusalCode } from './refusal.js';

/** Why a line, or a record of several, isn't an event. Its message may say more than the code's. */
export interface LineProblem extends Reason {
  readonly code: RefusalCode;
}

/** One line of a file, without its end. */
export interface Line {
  /** From 1. */
  number: number;
  text: string;
  /** It ended in CR and LF, which matters where a field spans lines. */
  crlf?: true;
  /** Set where the text isn't what the file holds. */
  problem?: LineProblem;
}

/** Longer lines are refused, so that memory stays bounded whatever the file is. */
export const MAX_LINE_BYTES = 1024 * 1024;

export const LINE_FEED = 10;
const INVALID_UTF8: LineProblem = { code: 'invalid_utf8', message: 'the line is not UTF-8' };
const TOO_LONG: LineProblem = {
  code: 'line_too_long',
  message: 'a line has at most 1 MB (1,048,576 bytes)',
};
/** Bytes of a line that is too long which are shown. */
const SHOWN_BYTES = 500;

/**
 * Takes bytes apart into lines, a group for each piece that arrives. Both kinds of line ends are
 * known, and a byte order mark is left out.
 */
export async function* readLines(source: AsyncIterable<Buffer>): AsyncGenerator<Line[]> {
  const splitter = new LineSplitter();
  for await (const chunk of source) {
    const lines = splitter.push(chunk);
    if (lines.length > 0) yield lines;
  }
  const rest = splitter.end();
  if (rest.length > 0) yield rest;
}

class LineSplitter {
  private number = 0;
  /** A line whose end hasn't come yet; of one that is too long only the beginning. */
  private readonly pending = new GrowingBuffer();
  private pendingBytes = 0;

  push(chunk: Buffer): Line[] {
    const lastEnd = chunk.lastIndexOf(LINE_FEED);
    if (lastEnd === -1) {
      this.hold(chunk);
      return [];
    }
    const lines: Line[] = [];
    let start = chunk.indexOf(LINE_FEED) + 1;
    lines.push(this.finish(chunk.subarray(0, start - 1)));
    const complete = chunk.subarray(start, lastEnd);
    // Nearly always a whole piece is valid, and one check is enough.
    if (start <= lastEnd && isUtf8(complete)) {
      for (const text of complete.toString('utf8').split('\n')) lines.push(this.line(text));
    } else {
      while (start <= lastEnd) {
        const end = chunk.indexOf(LINE_FEED, start);
        lines.push(this.finish(chunk.subarray(start, end)));
        start = end + 1;
      }
    }
    this.hold(chunk.subarray(lastEnd + 1));
    return lines;
  }

  end(): Line[] {
    return this.pendingBytes === 0 ? [] : [this.finish(Buffer.alloc(0))];
  }

  private hold(piece: Buffer): void {
    if (this.pendingBytes <= MAX_LINE_BYTES) this.pending.append(piece);
    this.pendingBytes += piece.length;
  }

  private finish(piece: Buffer): Line {
    const isWhole = this.pendingBytes === 0 && piece.length <= MAX_LINE_BYTES;
    if (!isWhole) this.hold(piece);
    const bytes = isWhole ? piece : this.pending.bytes;
    const tooLong = this.pendingBytes > MAX_LINE_BYTES;
    const text = bytes.toString('utf8', 0, tooLong ? SHOWN_BYTES : bytes.length);
    const problem = tooLong ? TOO_LONG : isUtf8(bytes) ? undefined : INVALID_UTF8;
    this.pending.clear();
    this.pendingBytes = 0;
    const line = this.line(text);
    return problem ? { ...line, problem } : line;
  }

  private line(text: string): Line {
    this.number += 1;
    const start = this.number === 1 && text.startsWith('\uFEFF') ? 1 : 0;
    if (!text.endsWith('\r')) return { number: this.number, text: text.slice(start) };
    return { number: this.number, text: text.slice(start, -1), crlf: true };
  }
}
