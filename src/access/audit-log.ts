import type { Ask } from '../database/ask.js';

/** What was administered: never whose data it was about. */
export interface AuditEntry {
  /** Such as `key 3 (deployment)` or `command line`. */
  actor: string;
  /** Such as `key.create`. */
  action: string;
  details: Record<string, unknown>;
}

/** An entry as it's kept, with the database's time. */
export interface KeptAuditEntry extends AuditEntry {
  id: string;
  time: Date;
}

/** Writes down what is done in the same transaction. */
export async function noteAudit(ask: Ask, { actor, action, details }: AuditEntry): Promise<void> {
  await ask('INSERT INTO audit_log (actor, action, details) VALUES ($1, $2, $3)', [
    actor,
    action,
    JSON.stringify(details),
  ]);
}

/**
 * The latest first.
 *
 * @param before the number of the entry that comes after them, for a further page
 */
export function readAudit(
  ask: Ask,
  limit: number,
  before: string | undefined,
): Promise<KeptAuditEntry[]> {
  return ask<KeptAuditEntry>(
    `SELECT id, time, actor, action, details FROM audit_log
     WHERE $2::bigint IS NULL OR id < $2 ORDER BY id DESC LIMIT $1`,
    [limit, before ?? null],
  );
}
