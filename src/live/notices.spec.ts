import { describe, expect, it } from '@jest/globals';
import { entriesOf } from './entries.js';
import { readNotice, writeEvents, writeHello, writeWant } from './notices.js';

/** What everybody hears, one after the other. */
const heard = (payloads: string[]) =>
  payloads.flatMap((payload) => {
    const notice = readNotice(payload);
    return notice?.kind === 'events' ? entriesOf(notice) : [];
  });

describe('notices', () => {
  it('are read as they were written', () => {
    expect(readNotice(writeHello())).toEqual({ kind: 'hello' });
    expect(readNotice(writeWant('0a-7'))).toEqual({ kind: 'want', id: '0a-7' });
  });

  it('bring events in payloads that the database takes, each with a number of its own', () => {
    const lines = Array.from({ length: 40 }, (_, index) =>
      JSON.stringify({ event: 'ä'.repeat(index * 25), bot: false }),
    );
    const payloads = writeEvents('0a', 5, 0, lines);
    expect(payloads.length).toBeGreaterThan(5);
    expect(Math.max(...payloads.map((payload) => Buffer.byteLength(payload)))).toBeLessThan(8_000);
    const entries = heard(payloads);
    expect(entries.map(({ id }) => id)).toEqual(lines.map((_, index) => `0a-${5 + index}`));
    expect(entries.map(({ text }) => text)).toEqual(
      lines.map((line, index) => `id: 0a-${5 + index}\ndata: ${line}\n\n`),
    );
  });

  it('tell how many were left out, once and first', () => {
    const entries = heard(writeEvents('0a', 1, 12, ['{"event":"e"}', '{"event":"f"}']));
    expect(entries.map(({ text }) => text)).toEqual([
      'id: 0a-1\nevent: omitted\ndata: {"events":12}\n\n',
      'id: 0a-2\ndata: {"event":"e"}\n\n',
      'id: 0a-3\ndata: {"event":"f"}\n\n',
    ]);
    expect(heard(writeEvents('0a', 1, 12, []))).toHaveLength(1);
  });

  it.each([
    '',
    'hello ',
    'want',
    'want x',
    'events',
    'events 0a-1',
    'events 0a-x 0',
    'events 0a-1 -1',
  ])('are not %j', (payload) => expect(readNotice(payload)).toBeUndefined());
});
