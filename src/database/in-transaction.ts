import type { ClientBase } from 'pg';

/**
 * All that is done happens, or nothing of it.
 *
 * @param mode behind BEGIN, such as an isolation level
 * @throws what `work` does, or the database where it can't undo
 */
export async function inTransaction<Result>(
  client: ClientBase,
  work: () => Promise<Result>,
  mode = '',
): Promise<Result> {
  await client.query(`BEGIN ${mode}`);
  try {
    const result = await work();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}
