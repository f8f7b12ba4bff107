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
    const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    if (commandLine === '') return isBeingExecuted(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    return commandLine.split('\0').includes(cluster);
  } catch {
    return process.platform !== 'linux' || isAlive(pid);
  }
}

/** Bit of a process's flags: it's one of the kernel's own (PF_KTHREAD, include/linux/sched.h). */
const KERNEL_THREAD = 0x20_00_00;

/**
 * Why a process has no command line. For some milliseconds of a program's start, on a busy machine,
 * it can't be read yet; a process that has ended but is still listed has none any more, and the
 * kernel's threads never have one.
 *
 * @param stat the contents of /proc/PID/stat (proc_pid_stat(5))
 * @returns whether it's a program that is just being executed
 */
export function isBeingExecuted(stat: string): boolean {
  // The name stands in parentheses, and may hold blanks and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, , , , , , flags] = fields;
  const hasEnded = state === 'Z' || state === 'X';
  return !hasEnded && (Number(flags) & KERNEL_THREAD) === 0;
}
