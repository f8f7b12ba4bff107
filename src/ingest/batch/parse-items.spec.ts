import { describe, expect, it } from '@jest/globals';
import { parseItems } from './parse-items.js';

/** Three times as long as a piece. */
const MANY = Array.from({ length: 3_000 }, (_, n) => ({
  n,
  text: `item ${n} äöü 😀`,
  deep: [{}, {}],
}));
const TRICKY = MANY.map((item) => ({ ...item, text: '"},{"', deep: [{ a: [{}, {}] }, {}] }));

async function parse(text: string | Buffer): Promise<unknown[]> {
  return (await parseItems(Buffer.from(text), Number.POSITIVE_INFINITY, async () => {})).flat();
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
    expect(await parse(JSON.stringify(items, undefined, 1))).toEqual(items);
  });

  it('takes many items in pieces', async () => {
    let turns = 0;
    const pieces = await parseItems(Buffer.from(JSON.stringify(MANY)), MANY.length, async () => {
      turns += 1;
    });
    expect(pieces.length).toBeGreaterThan(2);
    expect(turns).toBe(pieces.length);
  });

  it('reads no further than to see that there are too many', async () => {
    const text = Buffer.from(`[${'{},'.repeat(1_000_000)}{}]`);
    const count = (await parseItems(text, 10_000, async () => {})).flat().length;
    expect(count).toBeGreaterThan(10_000);
    expect(count).toBeLessThan(50_000);
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
    ['nothing at all', () => ''],
  ])('refuses %s', async (_, spoil) => {
    await expect(parse(spoil(JSON.stringify(MANY)))).rejects.toThrow(SyntaxError);
  });

  it('refuses what is not UTF-8', async () => {
    await expect(parse(Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d]))).rejects.toThrow(SyntaxError);
  });
});
