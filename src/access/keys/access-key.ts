import { createHash, randomBytes } from 'node:crypto';

/** `write` stores events, `read` asks, `admin` does both and administers. */
export const ACCESS_KINDS = ['write', 'read', 'admin'] as const;

export type AccessKind = (typeof ACCESS_KINDS)[number];

/** What whoever has a key may do with it. */
export interface KeyRules {
  kind: AccessKind;
  /** For people, 1 to 100 characters. */
  name: string;
  /** Of a write key: its events are this source's. */
  source: string | null;
  /** Where pages may use it from, such as `https://shop.example`; without them it's for servers. */
  origins: string[] | null;
  /** Of a write key: the only names that its events may have. */
  events: string[] | null;
  /** Of a write key: how old its events' timestamps may be, in seconds. */
  maxAgeS: number | null;
}

/** A key as it's kept: it can be recognised, and never be told. */
export interface AccessKey extends KeyRules {
  id: number;
  /** The last four characters, by which people tell keys apart. */
  hint: string;
  /** Of it alone; SHA-256. */
  digest: Buffer;
  createdAt: Date;
  /** Who made it. */
  createdBy: string;
  /** From then on it isn't taken: in the past, or to come. */
  revokedAt: Date | null;
  /** Whether that is past, by the database's clock. */
  isEnded: boolean;
  /** The key whose place it took. */
  rotatedFrom: number | null;
  /** To about a minute. */
  lastUsedAt: Date | null;
}

const SECRET_BYTES = 32;
const HINT_LENGTH = 4;

/** A key that nobody has had, such as `ua_read_` and 43 letters, digits, `-` and `_`. */
export function newSecret(kind: AccessKind): string {
  return `ua_${kind}_${randomBytes(SECRET_BYTES).toString('base64url')}`;
}

/** What is kept of a key; plain SHA-256 is enough for 256 random bits. */
export function digestOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

export function hintOf(secret: string): string {
  return secret.slice(-HINT_LENGTH);
}

/** Whether a key of a kind is taken where another kind is asked for. */
export function includes(kind: AccessKind, needed: AccessKind): boolean {
  return kind === needed || kind === 'admin';
}
