import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { DataSource } from 'typeorm';
import { parsePostmasterPid } from '../../src/database/embedded/postmaster-pid.js';
import { stopPostmaster } from '../../src/database/embedded/postmaster.js';
import { openDataDirectory } from '../../src/database/embedded/data-directory.js';

const PROGRAM = [process.execPath, '--enable-source-maps', join('dist', 'src', 'main.js')];
/** A start creates a database, which takes seconds on a busy machine. */
const PATIENCE_MS = 45_000;

export interface ProgramOptions {
  env?: Record<string, string>;
  /** Instead of the built program. */
  command?: string[];
  stdin?: 'ignore' | 'pipe';
}

/** The built program, run as a user would. */
export class Program {
  readonly exited: Promise<number | NodeJS.Signals | null>;
  output = '';
  private changed: () => void = () => {};
  private running = true;

  private constructor(private readonly child: ChildProcess) {
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
        this.changed();
      });
    }
    this.exited = new Promise((resolve) => {
      child.on('close', (code, signal) => {
        this.running = false;
        this.changed();
        resolve(signal ?? code);
      });
    });
  }

  /** In a process group of its own, as a shell's foreground program is. */
  static start(
    dataDir: string,
    { env = {}, command = PROGRAM, stdin = 'ignore' }: ProgramOptions = {},
  ): Program {
    const [file, ...args] = command;
    const child = spawn(file!, args, {
      env: { ...environment(), HOST: '127.0.0.1', PORT: '0', DATA_DIR: dataDir, ...env },
      stdio: [stdin, 'pipe', 'pipe'],
      detached: true,
    });
    return new Program(child);
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Of a program that was started with a pipe. */
  get stdin(): Writable {
    return this.child.stdin!;
  }

  /** Where it listens. */
  get url(): string {
    return /(http:\S+)\/analytics$/m.exec(this.output)![1]!;
  }

  /**
   * @param after how much of the output isn't looked at
   * @throws with all output when the program ends, or stays silent for too long, before it says so
   */
  async says(expected: string | RegExp, after = 0, patienceMs = PATIENCE_MS): Promise<void> {
    const deadline = performance.now() + patienceMs;
    const found = (): boolean => {
      const output = this.output.slice(after);
      return typeof expected === 'string' ? output.includes(expected) : expected.test(output);
    };
    while (!found()) {
      const rest = deadline - performance.now();
      if (!this.running || rest <= 0) throw new Error(`Not said: ${expected}\n${this.output}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, rest);
        this.changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  ready(): Promise<void> {
    return this.says('Ctrl-C stops it.');
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** What npm started, too. */
  killGroup(): void {
    try {
      process.kill(-this.pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }

  /** As a terminal's Ctrl-C does: to all of the group. */
  interrupt(): void {
    process.kill(-this.pid, 'SIGINT');
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | NodeJS.Signals | null> {
    this.kill(signal);
    return this.exited;
  }
}

/** Data directories, and all that was started on them. */
export class Workplace {
  private made: string | undefined;
  private readonly programs: [Program, string][] = [];

  /** Made when it's first asked for: tests that are left out leave nothing behind. */
  get folder(): string {
    this.made ??= mkdtempSync(join(tmpdir(), 'user-analytics-process-'));
    return this.made;
  }

  dataDir(name = 'data'): string {
    return join(this.folder, name);
  }

  start(options?: ProgramOptions, dataDir = this.dataDir()): Program {
    const program = Program.start(dataDir, options);
    this.programs.push([program, dataDir]);
    return program;
  }

  /** Starts it and waits until it takes requests. */
  async startReady(options?: ProgramOptions, dataDir?: string): Promise<Program> {
    const program = this.start(options, dataDir);
    await program.ready();
    return program;
  }

  /** Ends all that was started; the data stays. */
  async end(): Promise<void> {
    for (const [program, dataDir] of this.programs.splice(0)) {
      program.killGroup();
      await program.exited;
      const pid = postmasterPid(dataDir);
      if (pid !== undefined) await stopPostmaster(openDataDirectory(dataDir), { pid, port: 1 });
    }
  }

  async clear(): Promise<void> {
    await this.end();
    if (this.made !== undefined) rmSync(this.made, { recursive: true, force: true });
  }
}

/** The number of the database server's process, while its files name one. */
export function postmasterPid(dataDir: string): number | undefined {
  const file = join(dataDir, 'postgres', 'postmaster.pid');
  return existsSync(file) ? parsePostmasterPid(readFileSync(file, 'utf8'))?.pid : undefined;
}

/** Asks the database of a running program. */
export function query<Row>(dataDir: string, sql: string): Promise<Row[]> {
  return queryAt(databaseUrl(dataDir), sql);
}

/** Where the database of a running program is. */
export function databaseUrl(dataDir: string): string {
  return readFileSync(join(dataDir, 'database-url'), 'utf8').trim();
}

/** Asks a database. */
export async function queryAt<Row>(url: string, sql: string): Promise<Row[]> {
  const dataSource = await new DataSource({ type: 'postgres', url }).initialize();
  try {
    return await dataSource.query<Row[]>(sql);
  } finally {
    await dataSource.destroy();
  }
}

/** Nothing that configures the program comes from whoever runs the tests. */
function environment(): NodeJS.ProcessEnv {
  const { DATABASE_URL: _, ANALYTICS_URL: __, WEB_CONCURRENCY: ___, ...env } = process.env;
  return env;
}
