import { describe, expect, it } from '@jest/globals';
import { stringsIn } from './strings-in.js';

describe('stringsIn', () => {
  it('finds strings in JSON, and in JSON within strings', () => {
    const inner = JSON.stringify({ previous: 'ä "x"' });
    const text = JSON.stringify({ events: [[1, 'id', 'user', null, inner]] });
    expect([...stringsIn(text)]).toEqual(expect.arrayContaining(['id', 'user', inner, 'ä "x"']));
  });

  it('finds them whatever is damaged around them', () => {
    const text = 'u"x\0\ufffd"type":"events","events":[[1,"id","some\\u00e9one",nu';
    expect([...stringsIn(text)]).toContain('someéone');
    expect([...stringsIn(text.slice(3))]).toContain('someéone');
  });

  it('takes nothing else for one', () => {
    expect([...stringsIn('')]).toEqual([]);
    expect([...stringsIn('"a')]).toEqual([]);
    expect([...stringsIn('"\\x"')]).toEqual([]);
  });
});
