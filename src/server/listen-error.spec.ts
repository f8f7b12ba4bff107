import { describe, expect, it } from '@jest/globals';
import { explainListenError, ListenError } from './listen-error.js';

const withCode = (code: string): Error => Object.assign(new Error('listen'), { code });

describe('explainListenError', () => {
  it.each([
    ['EADDRINUSE', 'PORT'],
    ['EACCES', 'PORT'],
    ['EADDRNOTAVAIL', 'HOST'],
    ['ENOTFOUND', 'HOST'],
  ])('%s: names %s', (code, variable) => {
    const error = explainListenError(withCode(code), '127.0.0.1', 80);
    expect(error).toBeInstanceOf(ListenError);
    expect(error.message).toContain(`Set ${variable} to`);
  });

  it('proposes another port than the one in use', () => {
    expect(explainListenError(withCode('EADDRINUSE'), '::', 8081).message).toContain('PORT=8082');
  });

  it('leaves other errors as they are', () => {
    const error = withCode('EMFILE');
    expect(explainListenError(error, '127.0.0.1', 80)).toBe(error);
  });
});
