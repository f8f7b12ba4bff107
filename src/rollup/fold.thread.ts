import { setTimeout } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { Client } from 'pg';
import { stepBack } from '../common/low-priority.js';
import { fold } from './fold.js';

/** What the thread is started with. */
export interface FoldSettings {
  connection: Record<string, unknown>;
  intervalMs: number;
}

stepBack();

const { connection, intervalMs } = workerData as FoldSettings;
const stopping = new AbortController();
parentPort!.once('message', () => stopping.abort());

/** A statement takes as long as a day's events take. */
const NO_TIMEOUT = 'SET statement_timeout = 0';

/** Until the next pass, or the end. */
async function pause(): Promise<void> {
  await setTimeout(intervalMs, undefined, { signal: stopping.signal }).catch(() => {});
}

/** Folds until the connection is lost, or it's told to stop. */
async function foldOn(client: Client): Promise<void> {
  await client.connect();
  await client.query(NO_TIMEOUT);
  while (!stopping.signal.aborted) {
    await fold(client, stopping.signal);
    await pause();
  }
}

let lastMessage = '';

/** The same trouble is told once. */
function tell(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  if (message !== lastMessage) parentPort!.postMessage(message);
  lastMessage = message;
}

while (!stopping.signal.aborted) {
  const client = new Client(connection);
  client.on('error', () => {});
  try {
    await foldOn(client);
    lastMessage = '';
  } catch (error) {
    tell(error);
    await pause();
  } finally {
    await client.end().catch(() => {});
  }
}
parentPort!.close();
