/**
 * Puts a private PostgreSQL 17 with TimescaleDB into `.timescaledb/` of the project, with the client
 * programs that make backups and restore them.
 *
 * The packages come from the Debian archive that this machine already uses, at the release that
 * carries TimescaleDB. They are only unpacked, never installed: the programs run on the C library
 * that came with them, so the machine's own packages play no part, and no root is needed.
 *
 * `.timescaledb/version.json` is written last. Without it or one of the programs, or after the project
 * was moved, the next run starts over.
 */
import * as fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  debianSources,
  download,
  findPackages,
  machineArchitecture,
  POSTGRESQL,
  RELEASE,
  TIMESCALEDB,
  TRIPLETS,
} from './timescaledb/debian.mjs';
import { lock, run, stop } from './timescaledb/processes.mjs';

const PROJECT = dirname(dirname(fileURLToPath(import.meta.url)));
const INSTALLATION = join(PROJECT, '.timescaledb');
const MARKER = join(INSTALLATION, 'version.json');
const WORK_PREFIX = '.timescaledb.work-';

const BIN = 'usr/lib/postgresql/17/bin';
/** What somebody runs: without one of them the installation is taken for unfinished. */
const PROGRAMS = ['initdb', 'postgres', 'pg_dump', 'pg_restore', 'psql', 'createdb'];
// Debian builds PostgreSQL to read the system's time zones, wherever the server itself is.
const TIME_ZONES = '/usr/share/zoneinfo';

/** Unpacks the packages, then moves what a server needs into `root`. */
async function unpack(folder, root, lib) {
  const unpacked = join(folder, 'unpacked');
  for (const file of fs.readdirSync(folder).filter((name) => name.endsWith('.deb'))) {
    await run('dpkg-deb', ['--extract', join(folder, file), unpacked]);
  }
  for (const surplus of ['gconv', 'security']) remove(join(unpacked, lib, surplus));
  for (const surplus of ['bitcode', 'pgxs', 'llvmjit.so', 'llvmjit_types.bc']) {
    remove(join(unpacked, dirname(BIN), 'lib', surplus));
  }
  remove(join(unpacked, 'usr/share/postgresql/17/man'));
  for (const kept of [lib, dirname(BIN), 'usr/share/postgresql/17']) {
    fs.mkdirSync(dirname(join(root, kept)), { recursive: true });
    fs.renameSync(join(unpacked, kept), join(root, kept));
  }
  fs.copyFileSync(join(unpacked, 'usr/bin/patchelf'), join(folder, 'patchelf'));
  await run('chmod', ['-R', 'a+rX', root]);
}

/**
 * Binds the programs to their own loader and libraries. The loader's path must be absolute, so it
 * is the final one. Without --force-rpath the libraries would look for theirs in the system.
 */
async function bindPrograms(root, lib, patchelf) {
  const loader = fs.readdirSync(join(root, lib)).find((name) => name.startsWith('ld-linux'));
  const binding = ['--set-interpreter', join(INSTALLATION, lib, loader)];
  const search = ['--force-rpath', '--set-rpath', `$ORIGIN/../../../${basename(lib)}`];
  const programs = fs.readdirSync(join(root, BIN)).map((name) => join(root, BIN, name));
  // A relative search path, since a colon in the project's own would split it.
  const runUnbound = (...args) =>
    run(join(root, lib, loader), ['--library-path', lib, ...args], { cwd: root });
  await runUnbound(patchelf, ...binding, ...search, ...programs);
  for (const program of programs) {
    assertOwnLibraries(await runUnbound('--list', program), root, program);
  }
}

/** A library from the system would work on one machine and crash on the next. */
function assertOwnLibraries(list, root, program) {
  const foreign = list.split('\n').filter((line) => / => /.test(line) && !line.includes(root));
  if (foreign.length === 0) return;
  throw new Error(`${basename(program)} lacks libraries of its own:\n${foreign.join('\n')}`);
}

/** PostgreSQL refuses to run as root: then another account is taken. */
function serverAccount() {
  if (process.getuid() !== 0) return {};
  const accounts = fs.readFileSync('/etc/passwd', 'utf8').split('\n');
  const named = (name) => accounts.find((line) => line.startsWith(`${name}:`))?.split(':');
  const [name, , uid, gid] = named('postgres') ?? named('nobody');
  return { name, uid: Number(uid), gid: Number(gid) };
}

const CHECK = `CREATE EXTENSION timescaledb;
CREATE TABLE reading (at timestamptz NOT NULL, value int);
SELECT create_hypertable('reading', 'at');
INSERT INTO reading VALUES (now(), 1);
SELECT time_bucket('1 day', at) FROM reading;
`;

const program = (file) => join(INSTALLATION, BIN, file);

/**
 * Makes a database and a hypertable with the programs in place. Single-user mode is the real
 * server without port or socket, and it ends with its input, even if this process is killed.
 */
async function verify(folder) {
  for (const file of PROGRAMS) await run(program(file), ['--version']);
  const { name, ...account } = serverAccount();
  if (name && !(await isReachable(program('postgres'), account))) {
    console.log(
      `Not tried out: ${PROJECT} is closed to "${name}", and servers refuse to run as root.`,
    );
    return;
  }
  const data = join(folder, 'data');
  fs.mkdirSync(data, { mode: 0o700 });
  if (name) fs.chownSync(data, account.uid, account.gid);
  const options = { ...account, cwd: data };
  // These locales come with the server; a name like C.UTF-8 without a provider needs the system's.
  const locale = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const access = ['--username=postgres', '--auth=trust'];
  const initdb = ['--no-sync', '--encoding=UTF8', ...access, ...locale, '--pgdata', data];
  await run(program('initdb'), initdb, options);
  const settings = ['shared_preload_libraries=timescaledb', 'timescaledb.telemetry_level=off'];
  const flags = [...settings, 'exit_on_error=on'].flatMap((setting) => ['-c', setting]);
  const server = ['--single', '-D', data, ...flags, 'postgres'];
  await run(program('postgres'), server, { ...options, input: CHECK });
}

async function isReachable(file, account) {
  return run('test', ['-x', file], account).then(
    () => true,
    () => false,
  );
}

/** Builds everything in the work folder, moves it into place, tries it out, then marks it. */
async function install(work, architecture) {
  const lib = `usr/lib/${TRIPLETS[architecture]}`;
  const folder = join(work, 'packages');
  const root = join(work, 'root');
  fs.mkdirSync(folder, { recursive: true });

  console.log(`Looking up ${TIMESCALEDB} in Debian ${RELEASE} …`);
  const { aptGet, packages } = await findPackages(debianSources(), join(work, 'apt'), architecture);
  const megabytes = Math.round(packages.reduce((sum, { size }) => sum + size, 0) / 1e6);
  console.log(`Downloading ${packages.length} packages, ${megabytes} MB …`);
  await download(aptGet, packages, folder);
  console.log('Unpacking …');
  await unpack(folder, root, lib);
  await bindPrograms(root, lib, join(folder, 'patchelf'));

  if (fs.existsSync(INSTALLATION)) fs.renameSync(INSTALLATION, join(work, 'replaced'));
  fs.renameSync(root, INSTALLATION);
  try {
    console.log('Trying it out …');
    await verify(work);
    mark(packages, work);
  } catch (error) {
    remove(INSTALLATION);
    throw error;
  }
}

/** Written in the work folder and moved, so that a marker is whole or absent. */
function mark(packages, work) {
  const upstream = (name) =>
    /^[\d.]+/.exec(packages.find((candidate) => candidate.name === name).version)[0];
  const version = {
    postgresql: upstream(POSTGRESQL),
    timescaledb: upstream(TIMESCALEDB),
    bin: BIN,
    root: INSTALLATION,
    packages: Object.fromEntries(packages.map((item) => [item.name, item.version])),
  };
  const draft = join(work, 'version.json');
  fs.writeFileSync(draft, `${JSON.stringify(version, null, 2)}\n`);
  fs.renameSync(draft, MARKER);
}

/** What the marker says, unless it is missing, broken, about another place, or programs are missing. */
function installed() {
  try {
    const version = JSON.parse(fs.readFileSync(MARKER, 'utf8'));
    const isWhole = PROGRAMS.every((name) => fs.existsSync(program(name)));
    return version.root === INSTALLATION && isWhole ? version : undefined;
  } catch {
    return undefined;
  }
}

function remove(path) {
  // Programs of a killed run may still be writing: try again while a folder refills.
  fs.rmSync(path, { recursive: true, force: true, maxRetries: 5 });
}

function removeLeftovers() {
  const names = fs.readdirSync(PROJECT).filter((name) => name.startsWith(WORK_PREFIX));
  for (const name of names) remove(join(PROJECT, name));
}

async function installUnlessPresent() {
  const architecture = await machineArchitecture();
  const unlock = await lock(PROJECT);
  const work = join(PROJECT, `${WORK_PREFIX}${process.pid}`);
  try {
    removeLeftovers();
    if (installed()) return false;
    await install(work, architecture);
    return true;
  } finally {
    remove(work);
    unlock();
  }
}

async function main() {
  process.umask(0o022);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () =>
      stop.abort(new Error(`Stopped by ${signal}; run it again to finish.`)),
    );
  }
  const added = !installed() && (await installUnlessPresent());
  const { postgresql, timescaledb } = installed();
  if (!fs.existsSync(join(TIME_ZONES, 'Europe'))) {
    console.log(`Time zones are missing except UTC: install tzdata, which fills ${TIME_ZONES}.`);
  }
  const state = added ? 'is ready' : 'is already there';
  console.log(`PostgreSQL ${postgresql} with TimescaleDB ${timescaledb} ${state}: ${INSTALLATION}`);
  console.log('npm start now creates new data directories on TimescaleDB; existing ones stay.');
  console.log(`pg_dump, pg_restore and psql are in ${join(INSTALLATION, BIN)}.`);
}

main().catch((error) => {
  console.error((stop.signal.aborted ? stop.signal.reason : error).message);
  process.exitCode = 1;
});
