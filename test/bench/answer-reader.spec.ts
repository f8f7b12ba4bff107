import { describe, expect, it } from '@jest/globals';
import { AnswerReader } from './answer-reader.js';

const NO_CONTENT = 'HTTP/1.1 204 No Content\r\nDate: today\r\n\r\n';
const SIZED = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';
const CHUNKED =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhell\r\n1\r\no\r\n0\r\n\r\n';

function read(reader: AnswerReader, text: string) {
  const answer = reader.push(Buffer.from(text));
  return answer && { status: answer.status, body: answer.body.toString() };
}

describe('AnswerReader', () => {
  it('reads one answer after the other', () => {
    const reader = new AnswerReader();
    expect(read(reader, NO_CONTENT)).toEqual({ status: 204, body: '' });
    expect(read(reader, SIZED)).toEqual({ status: 200, body: 'hello' });
    expect(read(reader, CHUNKED)).toEqual({ status: 200, body: 'hello' });
    expect(read(reader, NO_CONTENT)).toEqual({ status: 204, body: '' });
  });

  it.each([NO_CONTENT, SIZED, CHUNKED])('reads an answer that comes byte by byte', (text) => {
    const reader = new AnswerReader();
    for (const byte of text.slice(0, -1)) expect(read(reader, byte)).toBeUndefined();
    expect(read(reader, text.slice(-1))).toBeDefined();
  });

  it('keeps nothing that changes afterwards', () => {
    const reader = new AnswerReader();
    const shared = Buffer.from(SIZED);
    expect(reader.push(shared.subarray(0, -2))).toBeUndefined();
    shared.fill(0, 0, shared.length - 2);
    expect(reader.push(shared.subarray(-2))?.body.toString()).toBe('hello');
  });

  it('refuses what it would never see the end of', () => {
    expect(() => read(new AnswerReader(), 'HTTP/1.1 200 OK\r\n\r\n')).toThrow('without length');
  });
});
