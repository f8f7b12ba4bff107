import { spawnSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { isAlive, isServerOf, parsePostmasterPid, withoutProcess } from './postmaster-pid.js';

const FILE =
  '2344\n/srv/data/postgres\n1795539413\n36937\n\n127.0.0.1\n  2441213    131131\nready   \n';

describe('postmaster.pid', () => {
  it('names process and port', () => {
    expect(parsePostmasterPid(FILE)).toEqual({ pid: 2344, port: 36_937 });
  });

  it.each(['', '2344\n', '2344\n/srv/data/postgres\n1795539413\n'])(
    'says nothing while it is being written: %j',
    (text) => {
      expect(parsePostmasterPid(text)).toBeUndefined();
    },
  );

  it('can be made to name no process, and keeps the rest', () => {
    const text = withoutProcess(FILE);
    expect(isAlive(parsePostmasterPid(text)!.pid)).toBe(false);
    expect(text.split('\n').slice(1)).toEqual(FILE.split('\n').slice(1));
  });
});

describe('isAlive', () => {
  it('tells the living from the dead', () => {
    expect(isAlive(process.pid)).toBe(true);
    expect(isAlive(spawnSync(process.execPath, ['--version']).pid)).toBe(false);
  });
});

describe('isServerOf', () => {
  it('takes no stranger for a server', () => {
    expect(isServerOf(process.pid, '/srv/data/postgres')).toBe(process.platform !== 'linux');
  });
});
