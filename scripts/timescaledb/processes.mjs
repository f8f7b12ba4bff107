import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Aborted when this process is asked to end: programs it started end first. */
export const stop = new AbortController();

/** Runs a program and resolves with its stdout; rejects with what it said on stderr. */
export function run(command, args, { input = '', ...options } = {}) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, LC_ALL: 'C' };
    const child = spawn(command, args, { env, ...options, signal: stop.signal });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    // An abort is reported at 'close', once the program no longer writes to our folders.
    child.on('error', (error) => error.name === 'AbortError' || reject(error));
    child.on('close', (code) => {
      if (code === 0) resolve(stdout);
      else reject(new Error(`${basename(command)} failed:\n${essence(stderr || stdout)}`));
    });
    // A program that ends before it has read its input says why by its exit code.
    child.stdin.on('error', () => {}).end(input);
  });
}

/** The lines that name a cause, if a program marks them; else its last lines. */
function essence(output) {
  const lines = output.trim().split('\n');
  const causes = lines.filter((line) => /^E: |\b(ERROR|FATAL|PANIC|NO_PUBKEY|error):? /.test(line));
  return (causes.length > 0 ? [...new Set(causes)] : lines).slice(-8).join('\n');
}

/**
 * Holds off other runs by a lock on the folder that the kernel drops when this process ends in
 * whatever way: flock's `cat` then reads the end of its input. It has a session of its own, so that
 * Ctrl-C leaves the lock in place while this process clears up.
 */
export async function lock(folder) {
  const holder = spawn('flock', [folder, 'sh', '-c', 'echo && exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
    signal: stop.signal,
  });
  const held = new Promise((resolve, reject) => {
    holder.on('error', reject).stdout.once('data', resolve);
    holder.on('exit', () => reject(new Error(`Could not lock ${folder} with flock.`)));
  });
  const waiting = delay(1000, undefined, { ref: false }).then(() => 'waiting');
  if ((await Promise.race([held, waiting])) === 'waiting') {
    console.log('Waiting for another run in this project …');
  }
  await held;
  return () => holder.stdin.end();
}
