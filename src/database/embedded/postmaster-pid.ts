import { readFileSync } from 'node:fs';

/** What a running server says of itself in its data directory. */
export interface PostmasterPid {
  pid: number;
  /** TCP port. */
  port: number;
}

/** No process has it on any system: Linux ends at 4,194,304. */
const NO_PROCESS = 99_999_999;

/**
 * Reads `postmaster.pid`: the process, the data directory, the start time, the port, and more, a
 * line each (PostgreSQL, src/include/utils/pidfile.h).
 *
 * @returns undefined for a file that is only being written
 */
export function parsePostmasterPid(text: string): PostmasterPid | undefined {
  const lines = text.split('\n');
  const [pid, port] = [Number(lines[0]), Number(lines[3])];
  return pid > 0 && port > 0 ? { pid, port } : undefined;
}

/**
 * The same file, naming no process: the number in it now belongs to someone else's, which the
 * server would take for its own predecessor. The rest stays, so that a new server still finds the
 * shared memory that orphans of the old one may hold.
 */
export function withoutProcess(text: string): string {
  return text.replace(/^\d+/, String(NO_PROCESS));
}

/** Whether a process of this number lives, be it someone else's. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/**
 * Whether a living process is the server of this data directory.
 *
 * @param cluster as it was given to the server
 * @returns true as well where the system doesn't tell
 */
export function isServerOf(pid: number, cluster: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(cluster);
  } catch {
    return process.platform !== 'linux' || isAlive(pid);
  }
}
