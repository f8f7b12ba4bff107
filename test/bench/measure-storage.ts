import { RefusedError, runBatches, runCopy, runStream } from './bulk-rounds.js';
import type { Dataset } from './dataset.js';
import { noFigures, type Figures } from './figures.js';
import { createInputs, type Inputs } from './inputs.js';
import { MemoryWatch } from './memory.js';
import type { Part } from './options.js';
import { LATENCY_LOAD, type Plan } from './plan.js';
import { runLatency, runSingles, type SingleTarget } from './single-rounds.js';
import type { Stand } from './stand.js';
import { median } from './statistics.js';

/** Takes a line for the person who waits. */
type Say = (line: string) => void;

/**
 * Takes the parts in turn, round by round, each beside what it is compared with: what slows the
 * machine down for a while hits both, and the server's memory sees the same work in each quarter.
 */
export async function measureStorage(
  stand: Stand,
  dataset: Dataset,
  plan: Plan,
  parts: readonly Part[],
  say: Say,
): Promise<Figures> {
  say(`${stand.storage}: preparing requests and warming up …`);
  const inputs = createInputs(dataset, plan, stand, parts);
  const watch = new MemoryWatch(stand.subject.pid);
  try {
    const storage = new StorageMeasurement(stand, plan, inputs, noFigures(watch.samples));
    await storage.warmUp(parts);
    for (let round = 1; round <= plan.rounds; round += 1) {
      say(`${stand.storage}: round ${round} of ${plan.rounds} …`);
      for (const part of parts) await storage.measure(part);
    }
    return storage.figures;
  } finally {
    watch.stop();
  }
}

class StorageMeasurement {
  constructor(
    private readonly stand: Stand,
    private readonly plan: Plan,
    private readonly inputs: Inputs,
    readonly figures: Figures,
  ) {}

  /** Compilers, caches and pools are as they are after some time; and a stream is taken or not. */
  async warmUp(parts: readonly Part[]): Promise<void> {
    const { batches, batchRows, stream, subject, noop, orm } = this.inputs;
    if (parts.includes('batch')) {
      await runBatches(this.stand, batches.slice(0, batches.length / 2));
      await runCopy(this.stand, batchRows, this.plan.batchEvents);
    }
    if (parts.includes('stream')) await this.tryStream(stream);
    if (!parts.includes('single') && !parts.includes('latency')) return;
    for (const target of [subject, noop, orm]) await this.singles(target, this.plan.warmUpMs);
  }

  measure(part: Part): Promise<void> {
    const parts: Record<Part, () => Promise<void>> = {
      batch: () => this.batch(),
      stream: () => this.stream(),
      single: () => this.single(),
      latency: () => this.latency(),
    };
    return parts[part]();
  }

  private async batch(): Promise<void> {
    const { batches, briefBatches, batchRows } = this.inputs;
    this.figures.batch.push(await runBatches(this.stand, batches));
    this.figures.briefBatch.push(await runBatches(this.stand, briefBatches));
    this.figures.batchCopy.push(await runCopy(this.stand, batchRows, this.plan.batchEvents));
  }

  private async stream(): Promise<void> {
    if (this.figures.streamFailure !== undefined) return;
    const { stream, streamRows } = this.inputs;
    const { streamEvents } = this.plan;
    this.figures.stream.push(await runStream(this.stand, stream, streamEvents));
    this.figures.streamCopy.push(await runCopy(this.stand, streamRows, streamEvents));
  }

  /** A server that refuses streams fails that line of the table alone. */
  private async tryStream(stream: Buffer[]): Promise<void> {
    try {
      await runStream(this.stand, stream, this.plan.streamEvents);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      this.figures.streamFailure = error.message;
    }
  }

  private async single(): Promise<void> {
    const { subject, noop, orm } = this.inputs;
    const { singleMs } = this.plan;
    this.figures.single.push(await this.singles(subject, singleMs));
    this.figures.noop.push(await this.singles(noop, singleMs));
    this.figures.orm.push(await this.singles(orm, singleMs));
  }

  private async latency(): Promise<void> {
    const { subject, noop } = this.inputs;
    const { single, latency, latencyRate, noopLatency } = this.figures;
    if (single.length === 0) single.push(await this.singles(subject, this.plan.singleMs));
    const rate = LATENCY_LOAD * median(single);
    latencyRate.push(rate);
    latency.push(await runLatency(this.stand, subject, rate, this.plan.latencyMs));
    noopLatency.push(await runLatency(this.stand, noop, rate, this.plan.latencyMs));
  }

  private singles(target: SingleTarget, durationMs: number): Promise<number> {
    return runSingles(this.stand, target, durationMs);
  }
}
