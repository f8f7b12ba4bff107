import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';

/** Ends a pool after each of these times: while its threads are just being loaded, in some of them. */
const PROGRAM = `
  import { setTimeout as sleep } from 'node:timers/promises';
  import { QueryThreads } from './dist/src/query/query-threads.js';
  const dataSource = { driver: { master: { options: { host: '127.0.0.1', port: 9 } } } };
  for (let round = 0; round < 80; round += 1) {
    const threads = new QueryThreads(dataSource, { now: () => 0 });
    const asked = threads.ask({ kind: 'hour', from: 0, to: 1 }).catch(() => {});
    await sleep(40 + (round % 20) * 8);
    await threads.onApplicationShutdown();
    await asked;
  }
  console.log('alive');
`;

describe('threads that answer queries', () => {
  it('are ended while they are being loaded, and the process lives on', async () => {
    const args = ['--input-type=module', '--eval', PROGRAM];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 55_000 });
    expect(stdout).toBe('alive\n');
  });
});
