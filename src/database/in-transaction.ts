import type { ClientBase } from 'pg';

/**
 * All that is done happens, or nothing of it.
 *
 * @throws what `work` does, or the database where it can't undo
 */
export async function inTransaction<Result>(
  client: ClientBase,
  work: () => Promise<Result>,
): Promise<Result> {
  await client.query('BEGIN');
  try {
    const result = await work();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}
