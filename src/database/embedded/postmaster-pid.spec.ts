import { once } from 'node:events';
import { spawn, spawnSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import {
  isAlive,
  isBeingExecuted,
  isServerOf,
  parsePostmasterPid,
  withoutProcess,
} from './postmaster-pid.js';

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

  if (process.platform === 'linux') {
    it('takes none that has ended for a server, although it is still listed', async () => {
      const parent = spawn('sh', ['-c', 'sleep 0.01 & echo $!; exec sleep 60']);
      const [line] = (await once(parent.stdout, 'data')) as [Buffer];
      const child = Number(line.toString());
      while (isServerOf(child, 'sleep')) await new Promise((resolve) => setImmediate(resolve));
      expect(isAlive(child)).toBe(true);
      parent.kill('SIGKILL');
    });
  }
});

describe('isBeingExecuted', () => {
  it.each([
    [true, 'a program', '2344 (post gres) x) R 1 2344 2344 0 -1 4194304 99 0 0 0'],
    [false, 'a process that has ended', '2344 (postgres) Z 1 2344 2344 0 -1 4228364 99 0 0 0'],
    [false, 'a thread of the kernel', '2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0'],
  ])('%s for %s', (expected, _, stat) => {
    expect(isBeingExecuted(stat)).toBe(expected);
  });
});
