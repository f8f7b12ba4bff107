import { AnalyticsError } from '../../common/errors.js';
import type { Ask } from '../../database/ask.js';
import { noteAudit } from '../audit-log.js';
import { digestOf, hintOf, newSecret, type AccessKey, type KeyRules } from './access-key.js';
import { endKey, insertKey, readKey, readKeys } from './key-store.js';

/** All that `work` asks happens, or nothing of it. */
export type InTransaction = <Result>(work: (ask: Ask) => Promise<Result>) => Promise<Result>;

/** A new key, the only time that it's told. */
export interface MadeKey {
  key: AccessKey;
  secret: string;
}

export class UnknownKeyError extends AnalyticsError {
  readonly code = 'unknown_key';
  readonly retryable = false;
  override readonly status = 404;

  constructor(id: number | string) {
    super(`There is no key ${id}.`);
  }
}

/** There is nothing to take the place of. */
export class RevokedKeyError extends AnalyticsError {
  readonly code = 'revoked_key';
  readonly retryable = false;
  override readonly status = 409;

  constructor(id: number) {
    super(`Key ${id} is revoked, or about to be. Make a new one.`);
  }
}

/** Makes keys and ends them, and writes down who did. */
export class KeyAdmin {
  constructor(private readonly inTransaction: InTransaction) {}

  /** All that were ever made. */
  list(): Promise<AccessKey[]> {
    return this.inTransaction(readKeys);
  }

  /** @param actor who makes it, for the audit log */
  create(rules: KeyRules, actor: string): Promise<MadeKey> {
    return this.inTransaction(async (ask) => {
      const made = await make(ask, rules, actor);
      await noteAudit(ask, { actor, action: 'key.create', details: describe(made.key) });
      return made;
    });
  }

  /**
   * Makes another that may do the same.
   *
   * @param graceS for how many seconds the old one is taken as well
   * @throws UnknownKeyError, RevokedKeyError
   */
  rotate(id: number, graceS: number, actor: string): Promise<MadeKey> {
    return this.inTransaction(async (ask) => {
      // Whoever else rotates it waits for this row, and finds it ended.
      await ask('SELECT FROM access_keys WHERE id = $1 FOR UPDATE', [id]);
      const old = await readKey(ask, id);
      if (!old) throw new UnknownKeyError(id);
      if (old.revokedAt) throw new RevokedKeyError(id);
      await endKey(ask, id, graceS);
      const made = await make(ask, old, actor, id);
      const details = { ...describe(made.key), rotated_from: id, grace_seconds: graceS };
      await noteAudit(ask, { actor, action: 'key.rotate', details });
      return made;
    });
  }

  /**
   * Ends a key at once; one that is revoked stays so.
   *
   * @throws UnknownKeyError
   */
  revoke(id: number, actor: string): Promise<AccessKey> {
    return this.inTransaction(async (ask) => {
      const key = await endKey(ask, id);
      if (!key) throw new UnknownKeyError(id);
      await noteAudit(ask, { actor, action: 'key.revoke', details: describe(key) });
      return key;
    });
  }
}

async function make(
  ask: Ask,
  rules: KeyRules,
  createdBy: string,
  rotatedFrom?: number,
): Promise<MadeKey> {
  const secret = newSecret(rules.kind);
  const key = await insertKey(ask, rules, {
    digest: digestOf(secret),
    hint: hintOf(secret),
    createdBy,
    ...(rotatedFrom !== undefined && { rotatedFrom }),
  });
  return { key, secret };
}

function describe({ id, kind, name, source }: AccessKey): Record<string, unknown> {
  return { id, kind, name, ...(source !== null && { source }) };
}
