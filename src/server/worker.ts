import { explain } from '../explain.js';
import { openDatabase } from '../database/open-database.js';
import { createServerLog } from '../operations/log/server-log.js';
import { serveHttp, type HttpService } from './http-service.js';
import { SupervisedMetrics } from './supervised-metrics.js';
import type { Order, Report, WorkerSettings } from './worker-messages.js';

/**
 * One of several processes behind one port. Does what its supervisor says, and ends with it: node's
 * cluster ends a worker that has lost its supervisor.
 *
 * @returns the exit code
 */
export async function runWorker(): Promise<number> {
  const ending = new AbortController();
  const ended = new Promise((resolve) => ending.signal.addEventListener('abort', resolve));
  endOnOrders(ending);
  try {
    const settings = await receiveSettings(ending.signal);
    const crew = new SupervisedMetrics((message) => void report(message));
    const service = await serve(settings, ending.signal, crew);
    answerMeasures(service);
    await report({ kind: 'listening' });
    await ended;
    await service.stop();
    return 0;
  } catch (error) {
    if (ending.signal.aborted) return 0;
    await report({ kind: 'failed', message: explain(error) });
    return 1;
  }
}

/**
 * A terminal's Ctrl-C, or its end, reaches the supervisor as well, whose order follows. SIGTERM may
 * be for this process alone.
 */
function endOnOrders(ending: AbortController): void {
  for (const signal of ['SIGINT', 'SIGHUP']) process.on(signal, () => {});
  process.on('SIGTERM', () => ending.abort());
  process.on('message', (order: Order) => {
    if (order.kind === 'stop') ending.abort();
  });
}

function receiveSettings(signal: AbortSignal): Promise<WorkerSettings> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
    process.on('message', (order: Order) => {
      if (order.kind === 'work') resolve(order.settings);
    });
    void report({ kind: 'ready' });
  });
}

async function serve(
  { number, configuration, databaseUrl }: WorkerSettings,
  signal: AbortSignal,
  crew: SupervisedMetrics,
): Promise<HttpService> {
  const log = createServerLog(configuration.log);
  const dataSource = await openDatabase(
    databaseUrl,
    (line) => log.tell(`Worker ${number}: ${line}`),
    signal,
    { schema: configuration.databaseSchema },
  );
  return serveHttp(dataSource, configuration, crew);
}

function answerMeasures(service: HttpService): void {
  process.on('message', (order: Order) => {
    if (order.kind !== 'measure') return;
    const { id } = order;
    void service.metrics().then((metrics) => report({ kind: 'measured', id, metrics }));
  });
}

/** Resolves once it's on its way: a process that ends at once would take it along. */
function report(message: Report): Promise<void> {
  return new Promise((resolve) => {
    process.send!(message, undefined, undefined, () => resolve());
  });
}
