import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { keyOfHeaders, keyOfQuery, withoutKeys } from './credentials.js';

const JWT = `${Buffer.from('{"alg":"RS256"}').toString('base64url')}.e30.x`;

function keyOf(authorization?: string, isToken?: boolean): string | undefined {
  return keyOfHeaders({ headers: { authorization } } as IncomingMessage, isToken);
}

function basic(text: string): string {
  return `Basic ${Buffer.from(text).toString('base64')}`;
}

describe('keyOfHeaders', () => {
  it.each([
    [basic('k-1:'), 'k-1'],
    [basic('k-1'), 'k-1'],
    [basic('k-1:password'), 'k-1'],
    [`bAsIc ${Buffer.from('k-1:').toString('base64')}`, 'k-1'],
    ['Bearer k-1', 'k-1'],
    ['Bearer k.1', 'k.1'],
    ['  bearer   k-1  ', 'k-1'],
  ])('takes the key of %s', (header, key) => {
    expect(keyOf(header)).toBe(key);
  });

  it.each([undefined, '', 'Basic', basic(':'), 'Basic !', 'Bearer', 'Digest k-1', 'k-1'])(
    'finds none in %s',
    (header) => {
      expect(keyOf(header)).toBeUndefined();
    },
  );

  it('takes X-API-Key beside a token, which is none', () => {
    const headers = { authorization: `Bearer ${JWT}`, 'x-api-key': 'k-2' };
    expect(keyOfHeaders({ headers } as unknown as IncomingMessage)).toBe('k-2');
    expect(keyOf(`Bearer ${JWT}`)).toBeUndefined();
    expect(keyOf('Bearer opaque', true)).toBeUndefined();
    expect(keyOf(basic('k-1'), true)).toBe('k-1');
  });
});

describe('a key in the query', () => {
  it.each([
    ['/analytics?writeKey=k-1', 'k-1'],
    ['/analytics?user=3&writeKey=k%2D1&event=click', 'k-1'],
    ['/analytics?writeKey=', undefined],
    ['/analytics?nowriteKey=k-1', undefined],
    ['/writeKey=k-1', undefined],
    ['/analytics', undefined],
  ])('of %s is %s', (url, key) => {
    expect(keyOfQuery({ url } as IncomingMessage)).toBe(key);
  });

  it('is not shown', () => {
    expect(withoutKeys('user=3&writeKey=k-1&event=click')).toBe('user=3&writeKey=…&event=click');
    expect(withoutKeys('{"writeKey":"k-1","user":"3"}')).toBe('{"writeKey":"…","user":"3"}');
    expect(withoutKeys('{"api_key": "k-1"}')).toBe('{"api_key": "…"}');
    const key = `ua_write_${'aB3-_'.repeat(8)}`;
    expect(withoutKeys(`?user=&write%4bey=${key}&x=1`)).toBe('?user=&write%4bey=…&x=1');
  });
});
