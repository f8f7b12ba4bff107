import { describe, expect, it } from '@jest/globals';
import { Mentions } from './mentions.js';

const ID = 'ä "b"/c@example.com';

describe('Mentions', () => {
  const mentions = new Mentions(['someone-else', ID]);

  it.each([
    ['as it is', `user ${ID}.`],
    ['percent-encoded', `?user=${encodeURIComponent(ID)}&event=x`],
    ['in lower case', `?user=${encodeURIComponent(ID).toLowerCase()}&event=x`],
    ['as a form', new URLSearchParams({ user: ID }).toString()],
    ['as JSON', JSON.stringify({ user: ID })],
    ['as JSON of ASCII alone', '{"user":"\\u00e4 \\"b\\"\\/c@example.com"}'],
    ['as JSON within JSON', JSON.stringify({ body: JSON.stringify({ user: ID }) })],
    ['as JSON in a query string', `data=${encodeURIComponent(JSON.stringify([ID]))}`],
    ['within a longer word', `x${ID}y`],
    ['cut off', `{"user":"ä \\"b\\"/c@exam…`],
  ])('finds an id %s', (_, text) => {
    expect(mentions.isIn(text)).toBe(true);
  });

  it('finds no other', () => {
    expect(mentions.isIn('?user=ä b&event=…')).toBe(false);
    expect(mentions.isIn('')).toBe(false);
  });

  it('takes a short id for one where it stands alone', () => {
    const short = new Mentions(['3']);
    expect(short.isIn('?timestamp=1234567890&user=4')).toBe(false);
    expect(short.isIn('?timestamp=1234567890&user=3')).toBe(true);
    expect(short.isIn('{"user":3}')).toBe(true);
  });

  it('comes to an end whatever it is given', () => {
    const nested = `${'%25'.repeat(160)}5c${'\\'.repeat(100)}+"%`;
    expect(mentions.isIn(nested)).toBe(false);
  });
});
