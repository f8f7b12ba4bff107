import { describe, expect, it } from '@jest/globals';
import { commandOf, findAccount } from './account.js';

const PASSWD = `root:x:0:0:root:/root:/bin/bash
postgresql:x:7:7::/:/bin/false
postgres:x:101:104:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
`;

describe('findAccount', () => {
  it('reads /etc/passwd', () => {
    expect(findAccount(PASSWD, 'postgres')?.ids).toEqual({ uid: 101, gid: 104 });
    expect(findAccount(PASSWD, 'nobody')?.ids).toEqual({ uid: 65_534, gid: 65_534 });
  });

  it('knows no account that is missing, and never root', () => {
    expect(findAccount(PASSWD, 'mysql')).toBeUndefined();
    expect(findAccount(PASSWD, 'root')).toBeUndefined();
    expect(findAccount('', 'postgres')).toBeUndefined();
  });
});

describe('commandOf', () => {
  it('puts the prefix in front', () => {
    expect(commandOf({ prefix: [], ids: undefined }, 'initdb', ['-N'])).toEqual(['initdb', ['-N']]);
    expect(commandOf({ prefix: ['unshare', '-U'], ids: undefined }, 'initdb', ['-N'])).toEqual([
      'unshare',
      ['-U', 'initdb', '-N'],
    ]);
  });
});
