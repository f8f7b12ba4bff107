import { setTimeout } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { Client } from 'pg';
import { describeError } from '../common/describe-error.js';
import type { FoldedDeltas } from '../common/observer.js';
import { stepBack } from '../common/low-priority.js';
import { fold } from './fold.js';

/** What the thread is started with. */
export interface FoldSettings {
  connection: Record<string, unknown>;
  intervalMs: number;
}

/** What it tells: of what it did, and of what keeps it from it. */
export type FoldReport =
  { kind: 'folded'; pass: FoldedDeltas } | { kind: 'trouble'; trouble: string };

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

async function tellingPass(client: Client): Promise<void> {
  const begun = performance.now();
  const { deltas, repaired } = await fold(client, stopping.signal);
  if (deltas + repaired === 0) return;
  const pass = { deltas, repaired, milliseconds: performance.now() - begun };
  report({ kind: 'folded', pass });
}

/** Folds until the connection is lost, or it's told to stop. */
async function foldOn(client: Client): Promise<void> {
  await client.connect();
  await client.query(NO_TIMEOUT);
  while (!stopping.signal.aborted) {
    await tellingPass(client);
    await pause();
  }
}

let lastMessage = '';

/** The same trouble is told once. */
function tell(error: unknown): void {
  const trouble = describeError(error);
  if (trouble !== lastMessage) report({ kind: 'trouble', trouble });
  lastMessage = trouble;
}

function report(message: FoldReport): void {
  parentPort!.postMessage(message);
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
