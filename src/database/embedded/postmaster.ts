import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chooseAccount } from './account.js';
import type { DataDirectory } from './data-directory.js';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import type { ServerInstallation } from './installation.js';
import {
  isAlive,
  isServerOf,
  parsePostmasterPid,
  withoutProcess,
  type PostmasterPid,
} from './postmaster-pid.js';
import { endOfLog, startProgram } from './programs.js';

const HOST = '127.0.0.1';
const POLL_MS = 50;
/** Sessions are ended, their transactions rolled back, everything is written. */
const FAST_SHUTDOWN_MS = 20_000;
/** Everything ends at once; the next start recovers. */
const IMMEDIATE_SHUTDOWN_MS = 5_000;

const SETTINGS = [
  `listen_addresses=${HOST}`,
  'unix_socket_directories=',
  'max_connections=100',
  'shared_buffers=256MB',
  // Each chunk that a statement touches takes a lock, and so does each of its indexes.
  'max_locks_per_transaction=256',
  'timezone=UTC',
  'log_timezone=UTC',
  // The log is for what goes wrong with the server; statements hold people's data.
  'log_checkpoints=off',
  'log_min_error_statement=panic',
  'log_error_verbosity=terse',
];
const TIMESCALEDB_SETTINGS = [
  'shared_preload_libraries=timescaledb',
  'timescaledb.telemetry_level=off',
];

/** The server process that runs on this data directory, if one does. */
export function findPostmaster(directory: DataDirectory): PostmasterPid | undefined {
  const file = join(directory.cluster, 'postmaster.pid');
  if (!existsSync(file)) return undefined;
  const found = parsePostmasterPid(readFileSync(file, 'utf8'));
  return found && isRunning(directory, found) ? found : undefined;
}

/** A process that has ended, but that nobody has taken note of, doesn't count. */
export function isRunning({ cluster }: DataDirectory, { pid }: PostmasterPid): boolean {
  return isAlive(pid) && isServerOf(pid, cluster);
}

/**
 * Starts a server process. It isn't ready for connections yet, and may end at once: see
 * {@link explainEnd}.
 *
 * @param port where it listens, on the loopback address
 */
export async function startPostmaster(
  directory: DataDirectory,
  installation: ServerInstallation,
  timescaledb: boolean,
  port: number,
): Promise<PostmasterPid> {
  const { path, cluster, log } = directory;
  const account = chooseAccount(installation.bin, path, cluster);
  disownPid(directory);
  const settings = [...SETTINGS, ...(timescaledb ? TIMESCALEDB_SETTINGS : []), `port=${port}`];
  const args = ['-D', cluster, ...settings.flatMap((setting) => ['-c', setting])];
  const pid = await startProgram(account, join(installation.bin, 'postgres'), args, log);
  return { pid, port };
}

/** A number left by a killed server may have gone to someone else's process since. */
function disownPid({ cluster }: DataDirectory): void {
  const file = join(cluster, 'postmaster.pid');
  if (!existsSync(file)) return;
  const text = readFileSync(file, 'utf8');
  const pid = Number.parseInt(text, 10);
  if (isAlive(pid) && !isServerOf(pid, cluster)) writeFileSync(file, withoutProcess(text));
}

/** Whether the last server process ended in order, or there was none yet. */
export function endedInOrder({ cluster }: DataDirectory): boolean {
  return !existsSync(join(cluster, 'postmaster.pid'));
}

/** Whether the last start failed since processes of a killed server hold its shared memory. */
export function isHeldByOrphans({ log }: DataDirectory): boolean {
  return endOfLog(log).includes('pre-existing shared memory block');
}

/** Why a server process ended before it was ready. */
export function explainEnd({ log }: DataDirectory): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `PostgreSQL did not start. Its log, ${log}, ends so:\n${endOfLog(log)}`,
  );
}

/** A port of the loopback address that nobody listens on. */
export async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject);
    server.listen(0, HOST, resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Ends a server process in order, or, when that takes too long, at once. */
export async function stopPostmaster(
  directory: DataDirectory,
  postmaster: PostmasterPid,
): Promise<void> {
  const runs = (): boolean => isRunning(directory, postmaster);
  const signals = [
    ['SIGINT', FAST_SHUTDOWN_MS],
    ['SIGQUIT', IMMEDIATE_SHUTDOWN_MS],
  ] as const;
  for (const [signal, patience] of signals) {
    if (!runs()) return;
    process.kill(postmaster.pid, signal);
    const deadline = performance.now() + patience;
    while (runs() && performance.now() < deadline) await sleep(POLL_MS);
  }
}
