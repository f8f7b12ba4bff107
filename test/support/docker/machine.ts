import { dirname } from 'node:path';

/** A user of this machine, as spawn takes it. */
export interface Account {
  uid: number;
  gid: number;
}

/** The user `node` of the official images. */
const NODE_ACCOUNT: Account = { uid: 1000, gid: 1000 };

/** Whom to run as for a user of the image: only root can become somebody else. */
export function accountFor(user: string): Account {
  const own = { uid: process.getuid!(), gid: process.getgid!() };
  return own.uid === 0 && user !== 'root' ? NODE_ACCOUNT : own;
}

/**
 * What a program needs to be found and, in a build, to reach the package registry. Nothing of the
 * test run itself: its NODE_ENV, its options, its `node_modules/.bin`.
 */
export function machineEnvironment({ forBuild }: { forBuild: boolean }): Record<string, string> {
  const folders = (process.env['PATH'] ?? '').split(':');
  const path = [dirname(process.execPath), ...folders.filter((it) => !it.includes('node_modules'))];
  const environment = { PATH: path.join(':') };
  if (!forBuild) return environment;
  // What the machine has fetched before is good enough: the lock file says what it must be.
  return { ...registryAccess(), npm_config_prefer_offline: 'true', ...environment };
}

function registryAccess(): Record<string, string> {
  const passed =
    /^(HOME|TMPDIR|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|(https?|no)_proxy|npm_config_(registry|cache|userconfig|globalconfig|cafile))$/i;
  const entries = Object.entries(process.env).filter(([name]) => passed.test(name));
  return Object.fromEntries(entries.map(([name, value]) => [name, value ?? '']));
}
