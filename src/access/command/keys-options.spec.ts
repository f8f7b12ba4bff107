import { describe, expect, it } from '@jest/globals';
import { KEYS_USAGE, KeysUsageError, parseKeysOptions } from './keys-options.js';

const parse = (line: string) => parseKeysOptions(line.split(' '));

describe('npm run keys', () => {
  it('makes keys of every kind', () => {
    expect(parse('create --kind read --name me')).toEqual({
      command: 'create',
      rules: {
        kind: 'read',
        name: 'me',
        source: null,
        origins: null,
        events: null,
        maxAgeS: null,
      },
    });
    expect(
      parse(
        'create --kind write --name shop --source shop --events click,buy --max-age 30d ' +
          '--origins https://shop.example,http://localhost:3000',
      ),
    ).toEqual({
      command: 'create',
      rules: {
        kind: 'write',
        name: 'shop',
        source: 'shop',
        origins: ['https://shop.example', 'http://localhost:3000'],
        events: ['click', 'buy'],
        maxAgeS: 2_592_000,
      },
    });
  });

  it('lists, rotates and revokes', () => {
    expect(parse('list')).toEqual({ command: 'list' });
    expect(parse('rotate 7')).toEqual({ command: 'rotate', id: 7, graceS: 0 });
    expect(parse('rotate 7 --grace 12h')).toEqual({ command: 'rotate', id: 7, graceS: 43_200 });
    expect(parse('revoke 7')).toEqual({ command: 'revoke', id: 7 });
    expect(parse('--help')).toBeUndefined();
  });

  it.each([
    ['', 'Name one of'],
    ['make', 'Name one of'],
    ['create --kind owner --name x', 'kind must be write, read, admin'],
    ['create --kind read', 'name must be text'],
    ['create --kind write --name x --max-age 30', '--max-age must be a number'],
    ['create --kind write --name x --origins shop.example', 'origins must be'],
    ['create again --kind read --name x', 'again is one word too many'],
    ['list 7', '7 is one word too many'],
    ['list --kind read', '--kind belongs to create'],
    ['rotate', "Give the key's number"],
    ['rotate 7 --grace 31d', '--grace is at most 30d'],
    ['revoke 7 --grace 1d', '--grace belongs to rotate'],
    ['revoke x', "Give the key's number"],
    ['revoke 7 8', "Give the key's number"],
    ['--colour red', 'colour'],
  ])('refuses %j and shows how it goes', (line, problem) => {
    expect(() => parse(line)).toThrow(KeysUsageError);
    expect(() => parse(line)).toThrow(problem);
    expect(() => parse(line)).toThrow(KEYS_USAGE);
  });
});
