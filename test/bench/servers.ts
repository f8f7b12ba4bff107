import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '../../src/database/embedded/embedded-postgres.js';
import { parsePostmasterPid } from '../../src/database/embedded/postmaster-pid.js';
import { findProjectRoot } from '../../src/project-root.js';
import { Program } from '../support/program.js';
import type { Cleanup } from './cleanup.js';
import type { Storage } from './options.js';

/** A throwaway database server. */
export interface DatabaseServer {
  url: string;
  /** Of its main process. */
  pid: number;
  timescaledb: boolean;
}

/** A program that answers requests, in a process of its own. */
export interface HttpServer {
  port: number;
  pid: number;
  /** Ends in order, and is killed when it takes too long. */
  stop(): Promise<void>;
}

const STOP_MS = 15_000;
const projectRoot = findProjectRoot();

/** @param folder made where it's missing */
export async function startDatabase(
  folder: string,
  storage: Storage,
  cleanup: Cleanup,
): Promise<DatabaseServer> {
  const timescaledb = storage === 'timescaledb' ? 'prefer' : 'never';
  const starting = startEmbeddedPostgres({ dataDir: folder, projectRoot, timescaledb });
  const server: EmbeddedPostgres = await cleanup.start(starting, (started) => started.stop());
  const pidFile = readFileSync(join(folder, 'postgres', 'postmaster.pid'), 'utf8');
  return {
    url: server.url,
    pid: parsePostmasterPid(pidFile)!.pid,
    timescaledb: server.installation.timescaledb,
  };
}

/** The built server, as it is run in production. */
export function startSubject(
  databaseUrl: string,
  folder: string,
  cleanup: Cleanup,
): Promise<HttpServer> {
  const command = [process.execPath, join(projectRoot, 'dist', 'src', 'main.js')];
  return startServer(command, databaseUrl, folder, cleanup);
}

/** @param name of a file in this folder that serves something to compare with */
export function startReference(
  name: 'noop-server' | 'orm-server',
  databaseUrl: string,
  folder: string,
  cleanup: Cleanup,
): Promise<HttpServer> {
  const file = join(import.meta.dirname, `${name}.ts`);
  return startServer([process.execPath, '--import', 'tsx', file], databaseUrl, folder, cleanup);
}

async function startServer(
  command: string[],
  databaseUrl: string,
  folder: string,
  cleanup: Cleanup,
): Promise<HttpServer> {
  const program = Program.start(folder, { command, env: { DATABASE_URL: databaseUrl } });
  cleanup.add(() => stopProgram(program));
  await program.ready();
  const port = Number(new URL(program.url).port);
  return { port, pid: program.pid, stop: () => stopProgram(program) };
}

async function stopProgram(program: Program): Promise<void> {
  const impatience = setTimeout(() => program.kill('SIGKILL'), STOP_MS);
  await program.stop();
  clearTimeout(impatience);
}
