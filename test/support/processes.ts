import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

interface Running {
  pid: number;
  parent: number;
  command: string;
}

/** The workers of a supervisor. */
export function workersOf(supervisor: number): number[] {
  return workers()
    .filter(({ parent }) => parent === supervisor)
    .map(({ pid }) => pid);
}

/** Which of some workers still run; one that has ended but that nobody has taken note of doesn't. */
export function stillRunning(pids: number[]): number[] {
  return workers()
    .map(({ pid }) => pid)
    .filter((pid) => pids.includes(pid));
}

/**
 * Halts a process with all that it has started, as a machine does that hangs.
 *
 * @returns what lets them go on
 */
export function halt(pid: number): () => void {
  // First, so that it starts no more of them.
  process.kill(pid, 'SIGSTOP');
  const children = all().filter(({ parent }) => parent === pid);
  const pids = [pid, ...children.map((child) => child.pid)];
  signal(pids, 'SIGSTOP');
  return () => signal(pids, 'SIGCONT');
}

function signal(pids: number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // It has ended.
    }
  }
}

function workers(): Running[] {
  return all().filter(({ command }) => command.endsWith('main.js worker'));
}

function all(): Running[] {
  return process.platform === 'linux' ? readProc() : readPs();
}

function readProc(): Running[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').join(' ').trim();
        const parent = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
        return [{ pid: Number(name), parent: Number(parent), command }];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    });
}

function readPs(): Running[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' });
  return lines.split('\n').flatMap((line) => {
    const [, pid, parent, command] = /^\s*(\d+)\s+(\d+)\s+(.*?)\s*$/.exec(line) ?? [];
    return command === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
  });
}
