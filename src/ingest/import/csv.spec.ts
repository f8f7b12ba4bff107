import { describe, expect, it } from '@jest/globals';
import { readCsv } from './csv.js';
import type { Line } from '../lines.js';
import type { ImportRecord } from './record.js';

const HEADER = 'timestamp,user,event';

async function* inGroups(text: string, size: number): AsyncGenerator<Line[]> {
  const lines = text.split('\n').map((line, index) => ({ number: index + 1, text: line }));
  for (let at = 0; at < lines.length; at += size) yield lines.slice(at, at + size);
}

async function read(text: string, groupSize = 2): Promise<ImportRecord[]> {
  const records: ImportRecord[] = [];
  for await (const group of readCsv(inGroups(text, groupSize))) records.push(...group);
  return records;
}

/** Line and outcome of each record. */
async function outcomes(text: string, groupSize?: number): Promise<[number, string][]> {
  const records = await read(text, groupSize);
  return records.map(({ line, events, problem }) => [
    line,
    problem?.code ?? String(events[0]!.user),
  ]);
}

describe('readCsv', () => {
  it('takes fields by their column, whatever the order', async () => {
    const text =
      'user,plan,event,timestamp,id,source,properties\n3,pro,click,1224567997,order-1,shop,"{""a"":1}"';
    expect((await read(text))[0]!.events).toEqual([
      {
        timestamp: '1224567997',
        user: '3',
        event: 'click',
        id: 'order-1',
        source: 'shop',
        properties: { plan: 'pro', a: 1 },
      },
    ]);
  });

  it('takes columns and properties of any name', async () => {
    const text = `${HEADER},__proto__,constructor,properties\n1,3,click,a,b,"{""__proto__"":""c"",""toString"":1}"`;
    const [record] = await read(text);
    expect(JSON.stringify(record!.events[0]!.properties)).toBe(
      '{"__proto__":"c","constructor":"b","toString":1}',
    );
  });

  it('leaves out what is empty, except what an event needs', async () => {
    const [record] = await read('timestamp,user,event,id,source,properties,plan\n1,,click,,,,');
    expect(record!.events[0]).toEqual({
      timestamp: '1',
      user: '',
      event: 'click',
      id: expect.any(String),
    });
  });

  it('derives an id from place and content', async () => {
    const text = `${HEADER}\n1,3,click\n1,3,click\n1,4,click`;
    const ids = (await read(text)).map(({ events }) => events[0]!.id);
    expect(new Set(ids).size).toBe(3);
    expect((await read(text, 100)).map(({ events }) => events[0]!.id)).toEqual(ids);
  });

  it.each([1, 2, 3, 100])('reads quoted fields over lines, %d lines at a time', async (size) => {
    const text = `${HEADER}\n1,"a\nb, ""c""",click\n1,d,click\n\n1,e,"click"`;
    expect(await outcomes(text, size)).toEqual([
      [2, 'a\nb, "c"'],
      [4, 'd'],
      [6, 'e'],
    ]);
  });

  it.each([1, 2, 100])('rejects a broken line and goes on, %d lines at a time', async (size) => {
    const text = `${HEADER}\n1,a,click\n1,b\n1,c,click,x\n1,"d"x,click\n,e,click\n1,f,click`;
    expect(await outcomes(text, size)).toEqual([
      [2, 'a'],
      [3, 'unreadable_line'],
      [4, 'unreadable_line'],
      [5, 'unreadable_line'],
      [6, 'missing_timestamp'],
      [7, 'f'],
    ]);
  });

  it('a quotation mark that nothing closes spoils its own line alone', async () => {
    const text = `${HEADER}\n1,"a,click\n1,b,click\n1,c,click`;
    expect(await outcomes(text)).toEqual([
      [2, 'unreadable_line'],
      [3, 'b'],
      [4, 'c'],
    ]);
  });

  it('inch marks spoil their own lines alone', async () => {
    const text = `${HEADER}\n1,5",click\n1,a,click\n1,6",click\n1,"b",click`;
    expect(await outcomes(text)).toEqual([
      [2, 'unreadable_line'],
      [3, 'a'],
      [4, 'unreadable_line'],
      [5, 'b'],
    ]);
  });

  it('a quotation mark that another field seems to close spoils its own line alone', async () => {
    const text = `${HEADER}\n1,"a,click\n1,b,click\n1,"c",click\n1,"d\ne",click`;
    expect(await outcomes(text)).toEqual([
      [2, 'unreadable_line'],
      [3, 'b'],
      [4, 'c'],
      [5, 'd\ne'],
    ]);
  });

  it('keeps the line ends within a field', async () => {
    async function* lines(): AsyncGenerator<Line[]> {
      yield await Promise.resolve([
        { number: 1, text: HEADER, crlf: true },
        { number: 2, text: '1,"a', crlf: true },
        { number: 3, text: 'b' },
        { number: 4, text: 'c",click', crlf: true },
      ]);
    }
    const records: ImportRecord[] = [];
    for await (const group of readCsv(lines())) records.push(...group);
    expect(records.map(({ events }) => events[0]!.user)).toEqual(['a\r\nb\nc']);
  });

  it('outlives 100,000 lines behind a mark that nothing closes', async () => {
    const result = await outcomes(`${HEADER}\n1,"a,click\n${'1,b,click\n'.repeat(100_000)}`, 5_000);
    expect(result[0]).toEqual([2, 'unreadable_line']);
    expect(result).toHaveLength(100_001);
  });

  it('reads on in good time when every line leaves a field open', async () => {
    const begun = performance.now();
    const result = await outcomes(`${HEADER}\n${'1,u,"x","\n'.repeat(20_000)}1,z,click`, 1_000);
    expect(result).toHaveLength(20_001);
    expect(result.at(-1)).toEqual([20_002, 'z']);
    // It took 5 s where 80 s had been needed.
    expect(performance.now() - begun).toBeLessThan(50_000);
  }, 120_000);

  it('gives up on a record of more than 128 KB, and reads on', async () => {
    const filler = `1,x,${'y'.repeat(1000)}\n`.repeat(140);
    const result = await outcomes(`${HEADER}\n1,"a,click\n${filler}1,z,click`, 50);
    expect(result[0]).toEqual([2, 'unreadable_line']);
    expect(result).toHaveLength(142);
    expect(result.at(-1)).toEqual([143, 'z']);
  });

  it.each(['[1]', '3', '{', 'null'])('rejects properties of %s', async (json) => {
    const text = `${HEADER},properties\n1,a,click,${json}`;
    expect(await outcomes(text)).toEqual([[2, 'invalid_properties']]);
  });

  it.each([
    ['', 'no header'],
    ['1224567997,3,click', 'no column timestamp, user, event'],
    ['timestamp,event', 'no column user'],
    ['timestamp;user;event', 'no column timestamp, user, event'],
    [`${HEADER},user`, 'the column user twice'],
    ['"timestamp,user,event', 'no header'],
  ])('refuses the header %j', async (text, message) => {
    await expect(read(text)).rejects.toThrow(message);
  });

  it('looks through very many columns in one pass, and shows few', async () => {
    const columns = Array.from({ length: 200_000 }, (_, index) => `c${index}`).join(',');
    const begun = performance.now();
    const row = `1224567997,3,click${','.repeat(200_000)}`;
    const [record] = await read(`${HEADER},${columns}\n${row}`);
    expect(record!.events[0]).toMatchObject({ user: '3' });
    await expect(read(`${HEADER},${columns},c7`)).rejects.toThrow('the column c7 twice');
    await expect(read(columns)).rejects.toThrow(/It has: c0, [^…]{400,500}…/);
    // A second by itself; by a pass for each column it would take minutes.
    expect(performance.now() - begun).toBeLessThan(20_000);
  });
});
