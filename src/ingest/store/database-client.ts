import type { PoolClient } from 'pg';
import type { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { noAnswer } from '../../common/database-errors.js';
import { within } from '../../common/within.js';

/** Longer than a statement may take: a server that says nothing for so long has vanished. */
const ANSWER_MS = 40_000;

/**
 * Works on one connection of the data source's pool, for what the ORM has no words for. A connection
 * that failed in a way of its own, rather than the database's answer, isn't used again.
 *
 * @param answerMs after so many milliseconds the connection is given up
 */
export async function withClient<T>(
  dataSource: DataSource,
  work: (client: PoolClient) => Promise<T>,
  answerMs = ANSWER_MS,
): Promise<T> {
  const driver = dataSource.driver as PostgresDriver;
  const [client, release] = (await driver.obtainMasterConnection()) as [
    PoolClient,
    (error?: Error) => void,
  ];
  // One that is lost says so by an event, which would end the process where nobody hears it.
  client.on('error', ignore);
  try {
    const result = await within(answerMs, work(client), noAnswer);
    client.off('error', ignore);
    release();
    return result;
  } catch (error) {
    const answered = error instanceof Error && 'severity' in error && error.severity === 'ERROR';
    client.off('error', ignore);
    release(answered ? undefined : (error as Error));
    throw error;
  }
}

function ignore(): void {}
