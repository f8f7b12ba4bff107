import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { commandOf, type Account } from './account.js';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { giveToOwnerOf } from './ownership.js';

/** A log that has grown beyond is put aside at the next start, as `postgres.log.1`. */
const MAX_LOG_BYTES = 10 * 1024 * 1024;
/** Lines of the log that an error shows. */
const SHOWN_LINES = 5;

/** Nothing of this process's: PGDATA, PGPORT and their kin would change what a program does. */
const ENVIRONMENT = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

/**
 * Runs a program to its end.
 *
 * @throws EmbeddedPostgresError with what it said last
 */
export async function runProgram(account: Account, program: string, args: string[]): Promise<void> {
  const [file, words] = commandOf(account, program, args);
  const child = spawn(file, words, {
    ...account.ids,
    cwd: '/',
    env: ENVIRONMENT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  await new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      const said = lastLines(output);
      if (code === 0) resolve();
      else reject(new EmbeddedPostgresError(`${basename(program)} failed:\n${said}`));
    });
  });
}

/**
 * Starts a program that stays, in a session of its own: Ctrl-C in the terminal is for us alone, and
 * the server has to outlive the requests that are under way.
 *
 * @param log takes what it says
 * @returns its process number
 */
export function startProgram(
  account: Account,
  program: string,
  args: string[],
  log: string,
): Promise<number> {
  if (existsSync(log) && statSync(log).size > MAX_LOG_BYTES) renameSync(log, `${log}.1`);
  const output = openSync(log, 'a', 0o600);
  giveToOwnerOf(dirname(log), log);
  const [file, words] = commandOf(account, program, args);
  const child = spawn(file, words, {
    ...account.ids,
    cwd: '/',
    env: ENVIRONMENT,
    stdio: ['ignore', output, output],
    detached: true,
  });
  closeSync(output);
  child.unref();
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('spawn', () => resolve(child.pid!));
  });
}

/** What a log says last. */
export function endOfLog(log: string): string {
  return existsSync(log) ? lastLines(readFileSync(log, 'utf8')) : '';
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-SHOWN_LINES).join('\n');
}
