import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot, step } from './project.mjs';

/** What `dist` is built of. */
const SOURCES = ['src', 'migrations', 'ormconfig.ts', 'nest-cli.json', 'tsconfig.json'];
const SOURCES_OF_BUILD = [
  ...SOURCES,
  'tsconfig.build.json',
  'tsconfig.browser.json',
  'scripts/bundle.mjs',
  'package-lock.json',
];
/** Written last, so that a build that was broken off is made again. */
const BUILT = join(projectRoot, 'dist', '.built');

/** Installs and builds what isn't there yet, or is older than what it comes from. */
export async function prepare() {
  requireNode();
  if (!isInstalled()) await install();
  if (!isBuilt()) await build();
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new Error(
    `User Analytics needs Node.js 20.19 or newer; this is ${process.versions.node}. See https://nodejs.org`,
  );
}

/** npm writes its own lock file at the very end of an install. */
function isInstalled() {
  return (
    modified(join(projectRoot, 'node_modules', '.package-lock.json')) >=
    modified(join(projectRoot, 'package-lock.json'))
  );
}

async function install() {
  const npm = process.env.npm_execpath;
  // Warnings of packages that only the compiler's command line brings along would hide what matters.
  const quiet = ['--loglevel=error', '--no-audit', '--no-fund'];
  const args = ['ci', '--include=dev', '--include=optional', ...quiet];
  const name = 'Installing packages (once; about half a minute)';
  if (npm?.endsWith('.js')) await step(name, process.execPath, [npm, ...args]);
  else await step(name, 'npm', args);
}

function isBuilt() {
  const newest = Math.max(...SOURCES_OF_BUILD.map((path) => newestBelow(join(projectRoot, path))));
  return modified(BUILT) >= newest;
}

async function build() {
  const nest = join(projectRoot, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
  await step('Building', process.execPath, [nest, 'build']);
  await step('Bundling what browsers get', process.execPath, [join('scripts', 'bundle.mjs')]);
  writeFileSync(BUILT, '');
}

/** A folder's own time counts too: it tells of files that went away. */
function newestBelow(path) {
  const entries = statSync(path).isDirectory() ? readdirSync(path) : [];
  return Math.max(modified(path), ...entries.map((entry) => newestBelow(join(path, entry))));
}

/** Milliseconds; 0 for what isn't there. */
function modified(path) {
  return existsSync(path) ? statSync(path).mtimeMs : 0;
}
