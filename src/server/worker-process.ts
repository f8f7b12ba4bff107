import cluster, { type Worker } from 'node:cluster';
import { join } from 'node:path';
import type { Order, Report, WorkerSettings } from './worker-messages.js';

/** A worker drains for 10 s and then closes; one that takes longer than this hangs. */
const STOP_MS = 20_000;

/** The worker can't work; the message is for the person who starts the server. */
export class WorkerError extends Error {
  override name = 'WorkerError';
}

/** A worker, from the supervisor's side. */
export interface WorkerProcess {
  pid: number;
  /** Rejects with a WorkerError where it ends before. */
  listening: Promise<void>;
  /** Resolves, when it has ended, with how. */
  ended: Promise<string>;
  /** Milliseconds for which it has listened. */
  age(): number;
  /** Lets it finish what is under way, for 20 s at most. */
  stop(): void;
  /** Does nothing where it has ended. */
  order(message: Order): void;
  onReport(listener: (report: Report) => void): void;
}

/** Once, before the first worker. */
export function prepareWorkers(): void {
  // Connections are dealt out in turn: where workers take them themselves, few get nearly all.
  cluster.schedulingPolicy = cluster.SCHED_RR;
  cluster.setupPrimary({
    exec: join(import.meta.dirname, '..', 'main.js'),
    args: ['worker'],
  });
}

/** Starts a worker. */
export function startWorker(settings: WorkerSettings): WorkerProcess {
  // Any process of this account can read a worker's environment.
  const worker = cluster.fork({ DATABASE_URL: undefined });
  // A message to a process that is just ending fails; its end is reported by another event.
  worker.on('error', () => {});
  closeUntakenConnection(worker);
  const order = (message: Order): void => {
    if (worker.isConnected()) worker.send(message);
  };
  let ready = false;
  worker.on('message', (report: Report) => {
    if (report.kind !== 'ready') return;
    ready = true;
    order({ kind: 'work', settings });
  });
  const { listening, ended, age } = observe(worker);
  const stop = (): void => {
    // One that hasn't begun has nothing to finish, and hears nothing yet.
    if (!ready) worker.process.kill('SIGKILL');
    order({ kind: 'stop' });
    const impatience = setTimeout(() => worker.process.kill('SIGKILL'), STOP_MS);
    void ended.then(() => clearTimeout(impatience));
  };
  const onReport = (listener: (report: Report) => void): void => {
    worker.on('message', listener);
  };
  return { pid: worker.process.pid!, listening, ended, age, stop, order, onReport };
}

function observe(worker: Worker): Pick<WorkerProcess, 'listening' | 'ended' | 'age'> {
  let since = Number.POSITIVE_INFINITY;
  let failure: string | undefined;
  const ended = new Promise<string>((resolve) => {
    worker.on('exit', (code, signal) => {
      if (failure !== undefined) resolve(`failed: ${failure}`);
      else resolve(signal ? `was ended by ${signal}.` : `ended with code ${code}.`);
    });
  });
  const listening = new Promise<void>((resolve, reject) => {
    worker.on('message', (report: Report) => {
      if (report.kind === 'failed') failure = report.message;
      if (report.kind !== 'listening') return;
      since = performance.now();
      resolve();
    });
    void ended.then((how) => reject(new WorkerError(failure ?? `At its start a worker ${how}`)));
  });
  listening.catch(() => {});
  return { listening, ended, age: () => Math.max(0, performance.now() - since) };
}

/**
 * Node hands a worker one connection at a time and closes its own copy when that is confirmed. Where
 * the worker is killed in between, nobody would ever close the copy, and the client wait for ever.
 */
function closeUntakenConnection(worker: Worker): void {
  const { process: channel } = worker;
  const send = channel.send.bind(channel) as (...args: unknown[]) => boolean;
  let last: { close?: () => void } | undefined;
  channel.send = (message: unknown, handle?: unknown, ...rest: unknown[]): boolean => {
    if (typeof handle === 'object' && handle !== null) last = handle;
    return send(message, handle, ...rest);
  };
  // It does nothing where that is closed already.
  worker.on('exit', () => last?.close?.());
}
