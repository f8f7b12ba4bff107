import type { ClientBase } from 'pg';
import { isUnavailable } from '../../common/database-errors.js';
import { askOf } from '../../database/ask.js';
import { inTransaction } from '../../database/in-transaction.js';
import type { AccessKey } from '../keys/access-key.js';
import {
  KeyAdmin,
  RevokedKeyError,
  UnknownKeyError,
  type InTransaction,
  type MadeKey,
} from '../keys/key-admin.js';
import { KEYS_USAGE, KeysUsageError, parseKeysOptions, type KeysOptions } from './keys-options.js';

/** What the command needs of the process that it runs in. */
export interface KeysContext {
  stdout: NodeJS.WritableStream;
  stderr: NodeJS.WritableStream;
  openDatabase: () => Promise<{ client: ClientBase; close(): Promise<void> }>;
}

const ACTOR = 'command line';
const NOTHING_DONE = 2;

/**
 * Makes, lists, rotates and revokes keys: see {@link KEYS_USAGE}.
 *
 * @param argv what stands behind `npm run keys --`
 * @returns the exit code: 0 it's done, 1 the database went away, 2 nothing was done
 */
export async function runKeys(argv: string[], context: KeysContext): Promise<number> {
  try {
    const options = parseKeysOptions(argv);
    if (options) return await runCommand(options, context);
    context.stdout.write(KEYS_USAGE);
    return 0;
  } catch (error) {
    const isKnown =
      error instanceof KeysUsageError ||
      error instanceof UnknownKeyError ||
      error instanceof RevokedKeyError;
    if (!isKnown) throw error;
    context.stderr.write(`${error.message}\n`);
    return NOTHING_DONE;
  }
}

async function runCommand(options: KeysOptions, context: KeysContext): Promise<number> {
  const database = await context.openDatabase();
  try {
    context.stdout.write(await run(options, new KeyAdmin(workingOn(database.client))));
    return 0;
  } catch (error) {
    if (!isUnavailable(error)) throw error;
    context.stderr.write(`The database went away (${(error as Error).message}). Try again.\n`);
    return 1;
  } finally {
    await database.close();
  }
}

async function run(options: KeysOptions, admin: KeyAdmin): Promise<string> {
  switch (options.command) {
    case 'create':
      return tell(await admin.create(options.rules, ACTOR));
    case 'rotate':
      return tell(await admin.rotate(options.id, options.graceS, ACTOR));
    case 'revoke':
      await admin.revoke(options.id, ACTOR);
      return `Key ${options.id} is revoked: within seconds no server takes it.\n`;
    default:
      return listing(await admin.list());
  }
}

function tell({ key, secret }: MadeKey): string {
  return `${secret}\n\nThis is key ${key.id}, of kind ${key.kind}. Keep it: it is not told again.\n`;
}

function listing(keys: AccessKey[]): string {
  if (keys.length === 0) return 'No key was made yet.\n';
  return keys.map((key) => `${lineOf(key)}\n`).join('');
}

function lineOf(key: AccessKey): string {
  const { id, kind, name, hint, source, origins, events, maxAgeS } = key;
  const about = [
    source !== null && `source ${source}`,
    origins && `pages of ${origins.join(', ')}`,
    events && `events ${events.join(', ')}`,
    maxAgeS !== null && `at most ${maxAgeS} s old`,
    `made ${shown(key.createdAt)} by ${key.createdBy}`,
    key.rotatedFrom !== null && `in place of ${key.rotatedFrom}`,
    key.lastUsedAt ? `last used ${shown(key.lastUsedAt)}` : 'never used',
    key.revokedAt && `revoked ${shown(key.revokedAt)}`,
  ];
  return `${id}  ${kind}  …${hint}  ${name}: ${about.filter(Boolean).join('; ')}`;
}

function shown(time: Date): string {
  return time.toISOString().slice(0, 16).replace('T', ' ');
}

function workingOn(client: ClientBase): InTransaction {
  return (work) => inTransaction(client, () => work(askOf(client)));
}
