/** Finds the packages of PostgreSQL with TimescaleDB in the Debian archive this machine uses. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { run, stop } from './processes.mjs';

export const RELEASE = 'trixie';
export const POSTGRESQL = 'postgresql-17';
export const TIMESCALEDB = 'postgresql-17-timescaledb';
/** For backups: `pg_dump`, `pg_restore`, `psql` and their like. */
const CLIENT = 'postgresql-client-17';
export const TRIPLETS = { amd64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' };

const DEBIAN_SUITE = /^(bullseye|bookworm|trixie|forky|(old)*stable|testing|sid|unstable)$/;
const DEBIAN_KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const COPIED_OPTIONS = ['signed-by', 'check-valid-until', 'check-date', 'by-hash'];

const ALTERNATIVES =
  'Instead, set DATABASE_URL to a TimescaleDB server that runs elsewhere, or install ' +
  `${TIMESCALEDB} (or your system's equivalent) with the system's package manager.`;

/** The Debian archives that apt is set up with, the likeliest first. */
export function debianSources(folder = '/etc/apt') {
  const parts = join(folder, 'sources.list.d');
  const names = fs.existsSync(parts) ? fs.readdirSync(parts).toSorted() : [];
  const files = [join(folder, 'sources.list'), ...names.map((name) => join(parts, name))];
  const sources = files.filter((file) => fs.existsSync(file)).flatMap(readSources);
  return sources
    .filter(({ suites, components }) => components.includes('main') && suites.some(isDebianSuite))
    .toSorted((a, b) => likelihood(b) - likelihood(a));
}

const isDebianSuite = (suite) => DEBIAN_SUITE.test(suite);

/** Other vendors name suites after Debian's releases too; Debian's own keys or path tell. */
function likelihood({ uris, options }) {
  const signed = /debian-archive/.test(options['signed-by'] ?? '');
  return (signed ? 2 : 0) + (/\/debian\b/.test(uris) ? 1 : 0);
}

function readSources(file) {
  const text = fs.readFileSync(file, 'utf8').replace(/^#.*\n?/gm, '');
  if (file.endsWith('.sources')) return text.split(/\n\s*\n/).flatMap(parseStanza);
  if (file.endsWith('.list')) return text.split('\n').flatMap(parseLine);
  return [];
}

/** A deb822 stanza: `Field: value`, where indented lines continue the value. */
function parseStanza(stanza) {
  const fields = {};
  for (const [, name, value] of stanza.matchAll(/^([\w-]+):[ \t]*(.*(?:\n[ \t].*)*)/gm)) {
    fields[name.toLowerCase()] = value;
  }
  const { types = '', uris, suites = '', components = '', enabled = 'yes' } = fields;
  if (!uris || !types.split(/\s+/).includes('deb') || /^(no|false|0|off)$/.test(enabled)) return [];
  return {
    uris,
    suites: suites.split(/\s+/),
    components: components.split(/\s+/),
    options: fields,
  };
}

/** A one-line source: `deb [name=value …] uri suite component …`. */
function parseLine(line) {
  const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+([^#]*)/.exec(line);
  if (!match) return [];
  const [, options = '', uris, suite, components] = match;
  const pairs = options.split(/\s+/).map((option) => option.split('='));
  return {
    uris,
    suites: [suite],
    components: components.trim().split(/\s+/),
    options: Object.fromEntries(pairs.map(([name, value]) => [name.toLowerCase(), value])),
  };
}

/** The machine's source at our release, in deb822. */
function sourceFor({ uris, options }) {
  const fields = COPIED_OPTIONS.filter((name) => options[name]).map((name) => {
    // Old releases name a key ring per release; the general one may hold newer keys as well.
    const extend =
      name === 'signed-by' && !options[name].includes('BEGIN PGP') && fs.existsSync(DEBIAN_KEYRING);
    return `${name}: ${options[name]}${extend ? ` ${DEBIAN_KEYRING}` : ''}`;
  });
  const target = ['Types: deb', `URIs: ${uris}`, `Suites: ${RELEASE}`, 'Components: main'];
  return [...target, ...fields, 'Targets: Packages', ''].join('\n');
}

/**
 * The machine's apt configuration stays in force (proxies, credentials), but its state, pins and
 * hooks don't: hooks would reach outside the project.
 */
function aptConfiguration(apt, architecture) {
  return `#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear APT::Default-Release;
#clear APT::Architectures;
APT::Architectures { "${architecture}"; };
APT::Install-Recommends "false";
APT::Sandbox::User "";
APT::Update::Error-Mode "any";
Debug::NoLocking "true";
Dir::State "${apt}";
Dir::State::Lists "${apt}/lists";
Dir::State::Status "/dev/null";
Dir::Cache "${apt}/cache";
Dir::Etc::SourceList "${apt}/debian.sources";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
`;
}

/** Asks the archive which packages are needed; returns apt-get bound to the private state. */
async function openArchive(source, apt, architecture) {
  fs.rmSync(apt, { recursive: true, force: true });
  fs.mkdirSync(join(apt, 'lists/partial'), { recursive: true });
  fs.mkdirSync(join(apt, 'cache/archives/partial'), { recursive: true });
  fs.writeFileSync(join(apt, 'debian.sources'), sourceFor(source));
  fs.writeFileSync(join(apt, 'apt.conf'), aptConfiguration(apt, architecture));
  const aptGet = (cwd, ...args) =>
    run('apt-get', ['-q', '-c', join(apt, 'apt.conf'), ...args], { cwd });
  await aptGet(apt, 'update');
  const wanted = [POSTGRESQL, CLIENT, TIMESCALEDB, 'patchelf'];
  const uris = await aptGet(apt, '--yes', '--print-uris', 'install', ...wanted);
  return { aptGet, packages: parsePackages(uris).filter(isNeeded) };
}

/** Lines of --print-uris: `'uri' name_version_architecture.deb size hash`. */
function parsePackages(output) {
  const lines = output.matchAll(/^'[^']+' ([^_\s]+)_([^_\s]+)_\S+\.deb (\d+)/gm);
  return Array.from(lines, ([, name, version, size]) => ({
    name,
    version: decodeURIComponent(version),
    size: Number(size),
  }));
}

/**
 * Programs and libraries; the rest serves installation scripts. LLVM and Z3, a third of the
 * download, serve JIT compilation only, which PostgreSQL does without when its plug-in is missing.
 */
function isNeeded({ name }) {
  if (/^lib(llvm|z3|perl)|-perl$/.test(name)) return false;
  return /^(lib|zlib1g$|postgresql-(client-)?17|patchelf$)/.test(name);
}

/** The first source that has the packages; if none does, the likeliest one's failure. */
export async function findPackages(sources, apt, architecture) {
  let failure;
  for (const source of sources) {
    try {
      return await openArchive(source, apt, architecture);
    } catch (error) {
      stop.signal.throwIfAborted();
      failure ??= error;
    }
  }
  const reason = failure
    ? `The Debian archive of this machine did not deliver ${TIMESCALEDB}. ${failure.message}\n` +
      (failure.message.includes('NO_PUBKEY')
        ? 'Upgrade the package debian-archive-keyring, which holds the keys.'
        : 'Check the network, and the proxy in the configuration of apt if there is one.')
    : 'This needs a Debian-based machine whose apt sources name a Debian archive; none is set up.';
  throw new Error(`${reason} ${ALTERNATIVES}`, { cause: failure });
}

/** apt-get compares each file with the signed index. */
export async function download(aptGet, packages, folder) {
  const exact = packages.map(({ name, version }) => `${name}=${version}`);
  await aptGet(folder, 'download', ...exact).catch((cause) => {
    const advice = 'Run it again; if that fails alike, look for a proxy that alters downloads.';
    throw new Error(`The download was cut off or damaged. ${cause.message}\n${advice}`, { cause });
  });
}

export async function machineArchitecture() {
  const architecture = await run('dpkg', ['--print-architecture']).catch((error) => {
    if (error.code !== 'ENOENT') throw error;
    throw new Error(`This needs a Debian-based machine; dpkg was not found. ${ALTERNATIVES}`);
  });
  if (architecture.trim() in TRIPLETS) return architecture.trim();
  throw new Error(`This works on amd64 and arm64, not on ${architecture.trim()}. ${ALTERNATIVES}`);
}
