import { describe, expect, it } from '@jest/globals';
import { MAX_LINE_BYTES, readLines, type Line } from './lines.js';

/** The lines of bytes that arrive in pieces of a size. */
async function linesOf(bytes: Buffer | string, pieceSize: number): Promise<Line[]> {
  const buffer = Buffer.from(bytes);
  async function* pieces(): AsyncGenerator<Buffer> {
    for (let at = 0; at < buffer.length; at += pieceSize) {
      yield buffer.subarray(at, at + pieceSize);
    }
  }
  const lines: Line[] = [];
  for await (const group of readLines(pieces())) lines.push(...group);
  return lines;
}

describe.each([1, 2, 3, 7, 1_000_000_000])('readLines, %d bytes at a time', (size) => {
  it('numbers lines from 1, whatever ends them', async () => {
    expect(await linesOf('\uFEFFa\r\n\nü😀\nlast', size)).toEqual([
      { number: 1, text: 'a', crlf: true },
      { number: 2, text: '' },
      { number: 3, text: 'ü😀' },
      { number: 4, text: 'last' },
    ]);
  });

  it('sees no line behind the last line end', async () => {
    expect(await linesOf('a\nb\n', size)).toEqual([
      { number: 1, text: 'a' },
      { number: 2, text: 'b' },
    ]);
    expect(await linesOf('', size)).toEqual([]);
    expect(await linesOf('\n', size)).toEqual([{ number: 1, text: '' }]);
  });

  it('names the line that is not UTF-8, and no other', async () => {
    const bytes = Buffer.concat([Buffer.from('a\nü'), Buffer.from([0xff]), Buffer.from('\nb\nc')]);
    const lines = await linesOf(bytes, size);
    expect(lines.map(({ problem }) => problem?.code)).toEqual([
      undefined,
      'invalid_utf8',
      undefined,
      undefined,
    ]);
    expect(lines[3]).toEqual({ number: 4, text: 'c' });
  });
});

describe('a line of more than 1 MB', () => {
  it('is refused, shown by its beginning, and the next is read', async () => {
    const long = 'x'.repeat(MAX_LINE_BYTES + 1);
    const lines = await linesOf(`a\n${long}\n${'y'.repeat(MAX_LINE_BYTES)}\nb`, 65_536);
    expect(lines.map(({ problem }) => problem?.code)).toEqual([
      undefined,
      'line_too_long',
      undefined,
      undefined,
    ]);
    expect(lines[1]!.text).toBe('x'.repeat(500));
    expect(lines[3]!.text).toBe('b');
  });
});
