import { describe, expect, it } from '@jest/globals';
import { OversizedItem, parseItems } from './parse-items.js';

/** Three times as long as a piece. */
const MANY = Array.from({ length: 3_000 }, (_, n) => ({
  n,
  text: `item ${n} äöü 😀`,
  deep: [{}, {}],
}));
const TRICKY = MANY.map((item) => ({ ...item, text: '"},{"', deep: [{ a: [{}, {}] }, {}] }));

const READER = { limit: 10_000, turn: async () => {}, read: (item: unknown) => item };

async function parse(text: string | Buffer): Promise<unknown[]> {
  return await parseItems(Buffer.from(text), { ...READER, limit: Number.POSITIVE_INFINITY });
}

describe('parseItems', () => {
  it.each([
    ['a short array', [{ a: 1 }, 2]],
    ['nothing', []],
    ['many items', MANY],
    ['items that look like seams inside', TRICKY],
    ['one large item', [{ text: '},{'.repeat(100_000) }]],
    ['a nested array of seams', [[MANY, MANY], 1]],
    ['items that are no objects', Array.from({ length: 100_000 }, (_, n) => n)],
  ])('reads %s as JSON.parse does', async (_, items) => {
    expect(await parse(JSON.stringify(items))).toEqual(items);
    expect(await parse(JSON.stringify({ events: items }))).toEqual(items);
    expect(
      await parse(`\uFEFF \n{ "events" :\t[${JSON.stringify(items).slice(1, -1)}] \n } `),
    ).toEqual(items);
    expect(await parse(JSON.stringify({ other: 1, events: items }))).toEqual(items);
    expect(await parse(JSON.stringify({ events: items, other: 1 }))).toEqual(items);
    expect(await parse(JSON.stringify({ 'a"': [{}, ['},{']], events: items, b: ']' }))).toEqual(
      items,
    );
    expect(await parse(JSON.stringify(items, undefined, 1))).toEqual(items);
  });

  it('takes many items in pieces', async () => {
    let turns = 0;
    const turn = async (): Promise<void> => {
      turns += 1;
    };
    await parseItems(Buffer.from(JSON.stringify(MANY)), { ...READER, turn });
    expect(turns).toBeGreaterThan(2);
  });

  it('reads no further than to see that there are too many', async () => {
    const text = Buffer.from(`[${'{},'.repeat(1_000_000)}{}]`);
    const { length } = await parseItems(text, READER);
    expect(length).toBeGreaterThan(READER.limit);
    expect(length).toBeLessThan(5 * READER.limit);
  });

  it.each([
    ['of brackets', `{"a":[${'[],'.repeat(400_000)}1]}`],
    ['with what looks like seams', `{"a":[${'{},'.repeat(400_000)}{}]}`],
    ['of text', JSON.stringify({ a: 'ä{"'.repeat(400_000) })],
  ])('leaves out an item of more than 1 MB, %s', async (_, item) => {
    for (const before of [[], [1, { a: 1 }], MANY]) {
      const inside = [...before.map((one) => JSON.stringify(one)), item, '{"last":1}'].join(' , ');
      for (const text of [`[${inside}]`, `{"events":[${inside}],"at":1}`]) {
        const items = await parse(text);
        expect(items.slice(0, -2)).toEqual(before);
        expect(items.at(-2)).toBeInstanceOf(OversizedItem);
        const { beginning } = items.at(-2) as OversizedItem;
        expect([beginning.length > 500, item.startsWith(beginning)]).toEqual([true, true]);
        expect(items.at(-1)).toEqual({ last: 1 });
      }
    }
  });

  it.each(['', '{"a":1}', '{"a":1},{"b":2}'])('reads %s in much white space', async (text) => {
    const space = ' \n'.repeat(600_000);
    expect(await parse(`[${space}${text}${space}]`)).toEqual(JSON.parse(`[${text}]`));
  });

  it('reads the last of two lists, as JSON.parse does', async () => {
    const text = `{"events":${JSON.stringify(MANY)},"events":[{"n":1},{"n":2}]}`;
    expect(await parse(text)).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it.each([
    ['a comma too many', (text: string) => text.replace(/\]$/, ',]')],
    ['a comma too many at a seam', (text: string) => text.replaceAll('},{', '},,{')],
    ['an end too early', (text: string) => text.slice(0, -1)],
    ['an end in the middle', (text: string) => text.slice(0, 100_000)],
    ['two arrays', (text: string) => text + text],
    ['an object around no events', (text: string) => `{"event":${text}}`],
    ['an object that is not closed', (text: string) => `{"events":${text}`],
    ['an array that is closed as an object', (text: string) => `${text}}`],
    ['a comma at the end of many pieces', (text: string) => `${text.slice(0, -1)} ,\n]`],
    ['a comma at the beginning', (text: string) => text.replace('[', '[ ,')],
    ['a field behind it that is no JSON', (text: string) => `{"events":${text},"a":x}`],
    ['a field before it that is no JSON', (text: string) => `{"a":x,"events":${text}}`],
    ['two fields without a comma', (text: string) => `{"a":1 "events":${text}}`],
    ['a field without a colon', (text: string) => `{"a":1,"events"${text}}`],
    ['a comma behind its only field', (text: string) => `{"events":${text},}`],
    [
      'more fields than one can need',
      (text: string) => `{${'"a":1,'.repeat(200_000)}"events":${text}}`,
    ],
    [
      'more lists than one can need',
      (text: string) => `{${'"events":[],'.repeat(100_000)}"events":${text}}`,
    ],
    ['nothing at all', () => ''],
  ])('refuses %s', async (_, spoil) => {
    await expect(parse(spoil(JSON.stringify(MANY)))).rejects.toThrow(SyntaxError);
  });

  it('refuses what is not UTF-8', async () => {
    await expect(parse(Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d]))).rejects.toThrow(SyntaxError);
  });
});
