import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';

/** How server programs are run: PostgreSQL refuses to run as root. */
export interface Account {
  /** Put in front of a program and its arguments. */
  prefix: string[];
  /** Undefined: as this process. */
  ids: { uid: number; gid: number } | undefined;
}

const OWN: Account = { prefix: [], ids: undefined };
/**
 * In a user namespace of its own a program of root's sees itself as an ordinary user, and reads
 * what only root can: for projects in folders that are closed to other accounts. From util-linux.
 */
const ROOT_SEEN_AS_USER: Account = {
  prefix: ['unshare', '--user', '--map-user=1000', '--map-group=1000'],
  ids: undefined,
};
/** Accounts that a server may run as, the better first. */
const SERVER_ACCOUNTS = ['postgres', 'nobody'];

/**
 * Chooses how to run a server: as this account, unless it's root.
 *
 * @param bin the folder of its programs
 * @param dataDir must exist; the server has to reach it
 * @param cluster the folder of its files; its owner stays who they belong to
 * @throws EmbeddedPostgresError when root has no way to run it
 */
export function chooseAccount(bin: string, dataDir: string, cluster: string): Account {
  if (process.getuid?.() !== 0) return OWN;
  const owner = existsSync(cluster) ? statSync(cluster) : undefined;
  const candidates = owner ? [accountOfOwner(owner)] : [...serverAccounts(), ROOT_SEEN_AS_USER];
  const account = candidates.find((candidate) => canRun(candidate, bin, dataDir));
  if (account) return account;
  throw new EmbeddedPostgresError(
    `PostgreSQL doesn't run as root, and no other account can reach ${bin} and ${dataDir}. ` +
      'Start as an ordinary user, or move the project and DATA_DIR to folders that others may enter.',
  );
}

function accountOfOwner({ uid, gid }: { uid: number; gid: number }): Account {
  return uid === 0 ? ROOT_SEEN_AS_USER : { prefix: [], ids: { uid, gid } };
}

function serverAccounts(): Account[] {
  const passwd = existsSync('/etc/passwd') ? readFileSync('/etc/passwd', 'utf8') : '';
  return SERVER_ACCOUNTS.map((name) => findAccount(passwd, name)).filter(
    (account): account is Account => account !== undefined,
  );
}

/** @param passwd the contents of /etc/passwd (passwd(5)) */
export function findAccount(passwd: string, name: string): Account | undefined {
  const line = passwd.split('\n').find((entry) => entry.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  if (!uid || !gid || Number(uid) === 0) return undefined;
  return { prefix: [], ids: { uid: Number(uid), gid: Number(gid) } };
}

function canRun(account: Account, bin: string, dataDir: string): boolean {
  const script = ['-c', 'cd "$1" && "$0" --version', `${bin}/postgres`, dataDir];
  const [file, args] = commandOf(account, '/bin/sh', script);
  return spawnSync(file, args, { cwd: '/', stdio: 'ignore', ...account.ids }).status === 0;
}

/** What to spawn so that a program runs as an account. */
export function commandOf(
  { prefix }: Account,
  program: string,
  args: string[],
): [file: string, args: string[]] {
  const [file, ...before] = prefix;
  return file === undefined ? [program, args] : [file, [...before, program, ...args]];
}
