import { randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { chooseAccount, type Account } from './account.js';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import type { ClusterRequirements, ServerInstallation } from './installation.js';
import { isAlive } from './postmaster-pid.js';
import { giveToOwnerOf } from './ownership.js';
import { runProgram } from './programs.js';

/** The database's administrator, whose password lies in the cluster. */
export const DATABASE_USER = 'analytics';

/** Where things lie in a data directory. */
export interface DataDirectory {
  path: string;
  /** PostgreSQL's own files. */
  cluster: string;
  /** What the server says. */
  log: string;
  /** How tools reach the server while it runs. */
  databaseUrl: string;
}

/** What a cluster was made with; lies among its files, so that it moves with them. */
interface ClusterRecord {
  password: string;
  timescaledb: boolean;
}

const RECORD = 'user-analytics.json';
/** A cluster in the making; followed by the number of the process that makes it. */
const UNFINISHED = 'postgres.new-';

/**
 * Makes the folder where it's missing.
 *
 * @throws EmbeddedPostgresError when it can't be used
 */
export function openDataDirectory(dataDir: string): DataDirectory {
  try {
    if (!existsSync(dataDir)) mkdirSync(dataDir, { recursive: true, mode: 0o711 });
    const path = realpathSync(dataDir);
    readdirSync(path);
    return {
      path,
      cluster: join(path, 'postgres'),
      log: join(path, 'postgres.log'),
      databaseUrl: join(path, 'database-url'),
    };
  } catch (error) {
    throw unusable(dataDir, error);
  }
}

/** What it takes to open the cluster; undefined where there is none yet. */
export function readRequirements({ cluster }: DataDirectory): ClusterRequirements | undefined {
  if (!existsSync(cluster)) return undefined;
  try {
    const major = Number.parseInt(readFileSync(join(cluster, 'PG_VERSION'), 'utf8'), 10);
    return { major, timescaledb: readRecord(cluster).timescaledb };
  } catch (error) {
    if (codeOf(error) === 'EACCES') {
      throw new EmbeddedPostgresError(
        `${cluster} belongs to another account, which has started the server before. Start it as ` +
          'that account, or set DATA_DIR to another folder.',
      );
    }
    throw new EmbeddedPostgresError(
      `${cluster} isn't a database that this program made (${codeOf(error)}). Nothing was touched. ` +
        'Set DATA_DIR to another folder, or DATABASE_URL to a server that runs it.',
    );
  }
}

/** The administrator's password. */
export function readPassword({ cluster }: DataDirectory): string {
  return readRecord(cluster).password;
}

/**
 * Makes a cluster. It appears whole or not at all; where two starts make one, the first stays.
 *
 * @throws EmbeddedPostgresError when it can't be made
 */
export async function createCluster(
  directory: DataDirectory,
  installation: ServerInstallation,
): Promise<void> {
  removeUnfinished(directory);
  const account = chooseAccount(installation.bin, directory.path, directory.cluster);
  const folder = join(directory.path, `${UNFINISHED}${process.pid}`);
  try {
    mkdirSync(folder, { mode: 0o700 });
    give(folder, account);
    await initialise(folder, installation, account);
    moveInto(directory.cluster, join(folder, 'cluster'));
  } catch (error) {
    throw error instanceof EmbeddedPostgresError ? error : unusable(directory.path, error);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function initialise(
  folder: string,
  { bin, major, timescaledb }: ServerInstallation,
  account: Account,
): Promise<void> {
  const cluster = join(folder, 'cluster');
  const passwordFile = join(folder, 'password');
  const record: ClusterRecord = { password: randomBytes(24).toString('hex'), timescaledb };
  writeFileSync(passwordFile, record.password, { mode: 0o600 });
  give(passwordFile, account);
  const locale = major >= 17 ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8'] : [];
  await runProgram(account, join(bin, 'initdb'), [
    `--pgdata=${cluster}`,
    `--username=${DATABASE_USER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    ...locale,
  ]);
  writeFileSync(join(cluster, RECORD), JSON.stringify(record), { mode: 0o600 });
  give(join(cluster, RECORD), account);
}

/** Fails where another start was faster: a rename never replaces a folder that holds files. */
function moveInto(cluster: string, made: string): void {
  try {
    renameSync(made, cluster);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes(codeOf(error))) throw error;
  }
}

function removeUnfinished({ path }: DataDirectory): void {
  for (const name of readdirSync(path).filter((entry) => entry.startsWith(UNFINISHED))) {
    const pid = Number(name.slice(UNFINISHED.length));
    if (pid === process.pid || !isAlive(pid)) rmSync(join(path, name), { recursive: true });
  }
}

/** Leaves the URL for tools beside the server, readable by this account alone. */
export function writeDatabaseUrl({ path, databaseUrl }: DataDirectory, url: string): void {
  rmSync(databaseUrl, { force: true });
  writeFileSync(databaseUrl, `${url}\n`, { mode: 0o600, flag: 'wx' });
  giveToOwnerOf(path, databaseUrl);
}

export function removeDatabaseUrl({ databaseUrl }: DataDirectory): void {
  rmSync(databaseUrl, { force: true });
}

function readRecord(cluster: string): ClusterRecord {
  return JSON.parse(readFileSync(join(cluster, RECORD), 'utf8')) as ClusterRecord;
}

function give(path: string, { ids }: Account): void {
  if (ids) chownSync(path, ids.uid, ids.gid);
}

function unusable(path: string, error: unknown): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `${path} can't be used as data directory: ${error instanceof Error ? error.message : String(error)}. ` +
      'Set DATA_DIR to a folder that this account can write to.',
  );
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
