import { parseArgs } from 'node:util';
import type { KeyRules } from '../keys/access-key.js';
import { InvalidKeyError, parseKeyRules } from '../keys/key-rules.js';
import { MAX_GRACE_S } from '../keys/keys.service.js';

/** What the command line says. */
export type KeysOptions =
  | { command: 'create'; rules: KeyRules }
  | { command: 'list' }
  | { command: 'rotate'; id: number; graceS: number }
  | { command: 'revoke'; id: number };

/** The command line can't be understood. */
export class KeysUsageError extends Error {
  override name = 'KeysUsageError';

  constructor(problem: string) {
    super(`${problem}\n\n${KEYS_USAGE}`);
  }
}

export const KEYS_USAGE = `Usage: npm run keys -- create --kind write|read|admin --name NAME [options]
       npm run keys -- list
       npm run keys -- rotate ID [--grace TIME]
       npm run keys -- revoke ID

  create   makes a key, and tells it this once
  list     all keys that were ever made, without what they are used by
  rotate   makes a key that may do the same, and revokes the old one
  revoke   within seconds no server takes the key any more

  --kind KIND        write stores events, read asks, admin does both and administers
  --name NAME        for people
  --source SOURCE    of a write key: its events are this source's; default without it
  --origins LIST     pages of these origins alone may use it, such as https://shop.example, with
                     commas between; without it the key is for servers
  --events LIST      of a write key: the only names that its events may have, with commas between
  --max-age TIME     of a write key: how old its events' timestamps may be
  --grace TIME       how long the old key is taken, too; without it not at all
  --help

TIME is a number with s, m, h or d behind it, such as 12h.
As soon as one key was made, requests need one. It works while the server runs, and while it doesn't:
by DATABASE_URL, or on the embedded database in DATA_DIR. The exit code is 0, or 2 where nothing was
done.
`;

const MAX_ID = 2 ** 31 - 1;
const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/**
 * @param argv what stands behind `npm run keys --`
 * @returns undefined when help is asked for
 * @throws KeysUsageError when it can't be used
 */
export function parseKeysOptions(argv: string[]): KeysOptions | undefined {
  const { values, positionals } = parse(argv);
  if (values.help) return undefined;
  const [command, ...others] = positionals;
  const { help: _, grace, ...rules } = values;
  if (command !== 'create' && Object.keys(rules).length > 0) {
    throw new KeysUsageError(`--${Object.keys(rules)[0]} belongs to create.`);
  }
  if (command !== 'rotate' && grace !== undefined) {
    throw new KeysUsageError('--grace belongs to rotate.');
  }
  switch (command) {
    case 'create':
      requireNone(others);
      return { command, rules: readRules(rules) };
    case 'list':
      requireNone(others);
      return { command };
    case 'rotate':
      return { command, id: readId(others), graceS: readGrace(grace) };
    case 'revoke':
      return { command, id: readId(others) };
    default:
      throw new KeysUsageError('Name one of create, list, rotate and revoke.');
  }
}

function parse(argv: string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: argv,
      allowPositionals: true,
      options: {
        kind: text,
        name: text,
        source: text,
        origins: text,
        events: text,
        'max-age': text,
        grace: text,
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new KeysUsageError(error instanceof Error ? error.message : String(error));
  }
}

function readRules(
  given: Partial<Record<'kind' | 'name' | 'source' | 'origins' | 'events' | 'max-age', string>>,
): KeyRules {
  const { origins, events, 'max-age': maxAge, ...others } = given;
  try {
    return parseKeyRules({
      ...others,
      ...(origins !== undefined && { origins: listOf(origins) }),
      ...(events !== undefined && { events: listOf(events) }),
      ...(maxAge !== undefined && { max_age_seconds: readTime('--max-age', maxAge) }),
    });
  } catch (error) {
    if (error instanceof InvalidKeyError) throw new KeysUsageError(`${error.message}.`);
    throw error;
  }
}

function listOf(text: string): string[] {
  return text.split(',').map((one) => one.trim());
}

function readGrace(text: string | undefined): number {
  const seconds = text === undefined ? 0 : readTime('--grace', text);
  if (seconds <= MAX_GRACE_S) return seconds;
  throw new KeysUsageError(`--grace is at most ${MAX_GRACE_S / 86_400}d.`);
}

/** @returns seconds */
function readTime(option: string, text: string): number {
  const [, number, unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  if (number === undefined) {
    throw new KeysUsageError(`${option} must be a number with s, m, h or d behind it.`);
  }
  return Number(number) * SECONDS[unit]!;
}

function readId([text = '', ...others]: string[]): number {
  const id = Number(text);
  if (/^\d{1,10}$/.test(text) && id <= MAX_ID && others.length === 0) return id;
  throw new KeysUsageError("Give the key's number, which `list` shows.");
}

function requireNone(others: string[]): void {
  if (others.length > 0) throw new KeysUsageError(`${others[0]} is one word too many.`);
}
