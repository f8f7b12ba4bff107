import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Linux counts in hundredths of a second, whatever the kernel's own clock is (USER_HZ). */
const MS_PER_TICK = 10;

interface ProcessTimes {
  parent: number;
  ownMs: number;
  /** Of children that have ended. */
  reapedMs: number;
}

/** Whether this system tells the processor time of other processes. */
export const canMeasureCpu = existsSync('/proc/self/stat');

/**
 * Processor time of a database server in milliseconds: its main process, the sessions and workers
 * that live, and those that have ended.
 *
 * @param pid of the main process
 */
export function databaseCpuMs(pid: number): number {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readTimes(name))
    .filter((times) => times?.parent === pid);
  const main = processCpuMs(pid);
  return children.reduce((sum, child) => sum + child!.ownMs + child!.reapedMs, main);
}

/** Processor time of a process in milliseconds, with that of its children that have ended. */
export function processCpuMs(pid: number): number {
  const times = readTimes(String(pid));
  if (!times) throw new Error(`Process ${pid} has ended`);
  return times.ownMs + times.reapedMs;
}

/** Processor time of this process in milliseconds. */
export function ownCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** @returns undefined for a process that has ended */
function readTimes(pid: string): ProcessTimes | undefined {
  try {
    return parseTimes(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined;
  }
}

/** @param stat the contents of /proc/PID/stat (proc_pid_stat(5)) */
export function parseTimes(stat: string): ProcessTimes {
  // The name stands in parentheses, and may hold blanks and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user, system, reapedUser, reapedSystem] = fields.slice(11, 15).map(Number);
  return {
    parent: Number(fields[1]),
    ownMs: (user! + system!) * MS_PER_TICK,
    reapedMs: (reapedUser! + reapedSystem!) * MS_PER_TICK,
  };
}
