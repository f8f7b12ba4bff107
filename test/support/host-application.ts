import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { findProjectRoot } from '../../src/project-root.js';

const run = promisify(execFile);
const PROJECT = findProjectRoot();
const COMPILER = join(PROJECT, 'node_modules', 'typescript', 'bin', 'tsc');

/** What a new application has besides the package. */
const PACKAGES = [
  '@nestjs/common',
  '@nestjs/core',
  '@nestjs/platform-express',
  '@nestjs/platform-fastify',
  '@nestjs/swagger',
  '@nestjs/typeorm',
  '@fastify/static',
  '@types/node',
  'class-transformer',
  'class-validator',
  'reflect-metadata',
  'rxjs',
  'typeorm',
];

const COMPILER_OPTIONS = {
  module: 'nodenext',
  target: 'es2023',
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  skipLibCheck: true,
  types: ['node'],
  rootDir: 'src',
  outDir: 'dist',
};

/** A Nest application in a folder of its own, with the package as npm installs it. */
export class HostApplication {
  readonly folder = mkdtempSync(join(tmpdir(), 'user-analytics-host-'));
  private readonly programs: HostProgram[] = [];

  /** @returns the files that the package holds */
  async install(): Promise<string[]> {
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', this.folder], {
      cwd: PROJECT,
    });
    const report = JSON.parse(stdout) as PackReport[] | Record<string, PackReport>;
    const [packed] = Object.values(report);
    const manifest = { name: 'host', private: true, type: 'module' };
    writeFileSync(join(this.folder, 'package.json'), JSON.stringify(manifest));
    await run(
      'npm',
      [
        'install',
        '--prefer-offline',
        '--omit=optional',
        '--ignore-scripts',
        '--no-audit',
        '--no-fund',
        `./${packed!.filename}`,
        ...PACKAGES.map((name) => `${name}@${versionOf(name)}`),
      ],
      { cwd: this.folder },
    );
    return packed!.files.map(({ path }) => path);
  }

  /** @param sources by path @throws with what the compiler says */
  async compile(sources: Record<string, string>): Promise<void> {
    for (const [path, text] of Object.entries(sources)) {
      mkdirSync(dirname(join(this.folder, path)), { recursive: true });
      writeFileSync(join(this.folder, path), text);
    }
    const config = { compilerOptions: COMPILER_OPTIONS, include: ['src'] };
    writeFileSync(join(this.folder, 'tsconfig.json'), JSON.stringify(config));
    try {
      await run(process.execPath, [COMPILER], { cwd: this.folder });
    } catch (error) {
      throw new Error((error as { stdout: string }).stdout, { cause: error });
    }
  }

  /** @param args the first is a path within the folder */
  start(args: string[], env: Record<string, string>): HostProgram {
    const program = new HostProgram(this.folder, args, env);
    this.programs.push(program);
    return program;
  }

  clear(): void {
    for (const program of this.programs) program.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

interface PackReport {
  filename: string;
  files: { path: string }[];
}

/** One that runs, or has run. */
export class HostProgram {
  private output = '';
  private readonly child: ChildProcess;
  private readonly exited: Promise<number | null>;

  constructor(folder: string, args: string[], env: Record<string, string>) {
    this.child = spawn(process.execPath, args, {
      cwd: folder,
      env: { ...process.env, PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout!.on('data', (data) => (this.output += String(data)));
    this.child.stderr!.on('data', (data) => (this.output += String(data)));
    this.exited = new Promise((resolve) => {
      this.child.on('exit', resolve);
    });
  }

  /** @returns the address that it says it listens on */
  async listening(): Promise<string> {
    let over = false;
    void this.exited.then(() => (over = true));
    for (;;) {
      const found = /Listening on (\S+)/.exec(this.output);
      if (found) return found[1]!;
      if (over) throw new Error(`It ended: ${this.output}`);
      await new Promise((resolve) => {
        this.child.stdout!.once('data', resolve);
        this.child.once('exit', resolve);
      });
    }
  }

  /** Once it has ended by itself. */
  async ended(): Promise<{ code: number | null; output: string }> {
    return { code: await this.exited, output: this.output };
  }

  /** Asks it to end, and waits. */
  stop(): Promise<{ code: number | null; output: string }> {
    this.child.kill('SIGTERM');
    return this.ended();
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }
}

/** The one that this project has: npm's cache has it then, too. */
function versionOf(name: string): string {
  const path = join(PROJECT, 'node_modules', name, 'package.json');
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}
