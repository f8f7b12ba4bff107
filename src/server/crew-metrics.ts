import { AggregatorRegistry } from 'prom-client';
import type { ProcessMetrics } from '../operations/metrics/metrics-crew.js';
import type { Report } from './worker-messages.js';
import type { WorkerProcess } from './worker-process.js';

/** A worker that takes longer is counted as it last said. */
const ANSWER_MS = 2_000;
/** What goes on growing. The others tell of a process that there is no more. */
const LASTING = ['counter', 'histogram'];

/**
 * The figures of all workers as those of one server. A worker's counts outlive it: a sum that fell
 * back with each that ends would be taken for a restart of the whole server, and all that the others
 * have counted for new.
 */
export class CrewMetrics {
  /** What each that listens has last said. */
  private readonly known = new Map<WorkerProcess, ProcessMetrics>();
  private ended: ProcessMetrics = [];
  private lastId = 0;
  /** What is asked of a worker, and not yet answered. */
  private readonly asked = new Map<number, { worker: WorkerProcess; done: () => void }>();

  /** Counts the worker in, as soon as it listens. */
  add(worker: WorkerProcess): void {
    worker.onReport((report) => this.hear(worker, report));
    void worker.ended.then(() => this.keepCounts(worker));
  }

  private hear(worker: WorkerProcess, report: Report): void {
    if (report.kind === 'listening') this.known.set(worker, []);
    if (report.kind === 'gather') void this.answer(worker, report.id);
    if (report.kind !== 'measured') return;
    if (this.known.has(worker)) this.known.set(worker, report.metrics);
    this.asked.get(report.id)?.done();
  }

  private async answer(worker: WorkerProcess, id: number): Promise<void> {
    try {
      worker.order({ kind: 'gathered', id, text: await this.gather() });
    } catch {
      worker.order({ kind: 'gathered', id });
    }
  }

  private async gather(): Promise<string> {
    await Promise.all([...this.known.keys()].map((worker) => this.ask(worker)));
    return await aggregate([...this.known.values(), this.ended]).metrics();
  }

  /** Resolves when it has answered, has ended, or takes too long. */
  private async ask(worker: WorkerProcess): Promise<void> {
    this.lastId += 1;
    const id = this.lastId;
    let impatience: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      impatience = setTimeout(resolve, ANSWER_MS);
      this.asked.set(id, { worker, done: resolve });
      worker.order({ kind: 'measure', id });
    });
    clearTimeout(impatience);
    this.asked.delete(id);
  }

  private keepCounts(worker: WorkerProcess): void {
    const last = this.known.get(worker) ?? [];
    this.known.delete(worker);
    for (const asked of this.asked.values()) if (asked.worker === worker) asked.done();
    const lasting = last.filter(({ type }) => LASTING.includes(String(type)));
    const sums = aggregate([this.ended, lasting]).getMetricsAsArray();
    // What the library makes of sums has its values right in it.
    this.ended = sums as unknown as ProcessMetrics;
  }
}

function aggregate(all: readonly ProcessMetrics[]) {
  return AggregatorRegistry.aggregate([...all]);
}
