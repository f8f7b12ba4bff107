import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { UnauthorizedError } from './unauthorized-error.js';
import { keyOfHeader, WriteKeys } from './write-keys.js';

function keyOf(authorization?: string): string | undefined {
  return keyOfHeader({ headers: { authorization } } as IncomingMessage);
}

function basic(text: string): string {
  return `Basic ${Buffer.from(text).toString('base64')}`;
}

describe('keyOfHeader', () => {
  it.each([
    [basic('k-1:'), 'k-1'],
    [basic('k-1'), 'k-1'],
    [basic('k-1:password'), 'k-1'],
    [`bAsIc ${Buffer.from('k-1:').toString('base64')}`, 'k-1'],
    ['Bearer k-1', 'k-1'],
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
});

describe('write keys', () => {
  const keys = new WriteKeys({
    sources: new Map([
      ['k-1', 'shop'],
      ['k-2', 'app'],
    ]),
  });

  it('tell the source', () => {
    expect(keys.sourceOf('k-1')).toBe('shop');
    expect(keys.sourceOf('k-2')).toBe('app');
  });

  it.each([undefined, '', 'k-3', 'K-1', 'k-1 '])('refuse %s', (key) => {
    expect(() => keys.sourceOf(key)).toThrow(UnauthorizedError);
  });

  it('take anything where there are none', () => {
    for (const key of [undefined, 'any']) expect(new WriteKeys().sourceOf(key)).toBeUndefined();
  });
});
