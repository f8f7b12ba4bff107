import { describe, expect, it } from '@jest/globals';
import { readNdjson } from './ndjson.js';

async function* group(texts: string[]) {
  yield await Promise.resolve(texts.map((text, index) => ({ number: index + 1, text })));
}

describe('readNdjson', () => {
  it('reads an event in each line, and names what is none', async () => {
    const lines = [
      '{"timestamp":1,"user":"a","event":"click","id":"7","properties":{"x":[1]}}',
      '',
      '{"timestamp":1,"user":"a","event":"click"}',
      '[]',
      'null',
      '{"timestamp"',
      '{"user":"a","event":"click"}',
      '{"timestamp":null,"user":"a","event":"click"}',
      '{"timestamp":1,"user":"a","event":"click","extra":1}',
    ];
    for await (const records of readNdjson(group(lines))) {
      expect(records.map(({ line, problem }) => [line, problem?.code])).toEqual([
        [1, undefined],
        [3, undefined],
        [4, 'unreadable_line'],
        [5, 'unreadable_line'],
        [6, 'unreadable_line'],
        [7, 'missing_timestamp'],
        [8, 'missing_timestamp'],
        [9, undefined],
      ]);
      expect(records[0]!.events[0]).toMatchObject({ id: '7', properties: { x: [1] } });
      expect(records[1]!.events[0]!.id).toMatch(/^[0-9a-f-]{36}$/);
      // Fields that aren't an event's are for the server to refuse.
      expect(records[7]!.events[0]).toHaveProperty('extra');
    }
    expect.assertions(4);
  });
});
