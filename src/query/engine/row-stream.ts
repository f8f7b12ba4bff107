import { Query as PgQuery, type ClientBase, type QueryConfig } from 'pg';

/**
 * Reads rows one after the other, each with its values as the driver reads them, without keeping any.
 *
 * @param onRow may throw: what it throws first is thrown, when the statement has ended
 */
export function streamRows(
  client: ClientBase,
  text: string,
  values: readonly unknown[],
  onRow: (row: (string | null)[]) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const config = { text, values: [...values], rowMode: 'array' };
    const query = new PgQuery(config as QueryConfig);
    let failure: Error | undefined;
    query.on('row', (row: (string | null)[]) => {
      if (failure) return;
      try {
        onRow(row);
      } catch (error) {
        failure = error as Error;
      }
    });
    query.on('error', reject);
    query.on('end', () => (failure ? reject(failure) : resolve()));
    client.query(query);
  });
}
