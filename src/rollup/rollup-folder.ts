import { Worker } from 'node:worker_threads';
import {
  Injectable,
  Logger,
  Optional,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { DataSource } from 'typeorm';
import { describeError } from '../common/describe-error.js';
import { builtFile } from '../common/built-file.js';
import { Observer } from '../common/observer.js';
import { within } from '../common/within.js';
import { connectionSettings } from '../database/connection-settings.js';
import type { FoldSettings, FoldReport } from './fold.thread.js';

/** Answers read what wasn't folded yet, row by row: the shorter, the less there is of it. */
const INTERVAL_MS = 2_000;
const RESTART_MS = 5_000;
const YOUNG_MB = 8;
/** A pass that takes longer at the end is undone: its transaction is one day's. */
const STOP_MS = 5_000;

/** Folds what was written, in a thread of its own; other processes may do the same at once. */
@Injectable()
export class RollupFolder implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Rollups');
  private worker: Worker | undefined;
  private restarting: NodeJS.Timeout | undefined;
  private isStopping = false;

  constructor(
    private readonly dataSource: DataSource,
    @Optional() private readonly observer?: Observer,
  ) {}

  onApplicationBootstrap(): void {
    this.start();
  }

  async onApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    clearTimeout(this.restarting);
    const { worker } = this;
    if (!worker) return;
    const ended = new Promise<void>((resolve) => {
      worker.once('exit', () => resolve());
    });
    // Without it nothing might keep the process from its end before this is over.
    worker.ref();
    worker.postMessage('stop');
    await within(STOP_MS, ended, () => new Error('too slow')).catch(() => worker.terminate());
  }

  private start(): void {
    const settings: FoldSettings = {
      connection: connectionSettings(this.dataSource),
      intervalMs: INTERVAL_MS,
    };
    const worker = new Worker(builtFile(import.meta.dirname, 'fold.thread.js'), {
      workerData: settings,
      // What it reads is soon done with: room for more of it would only be taken.
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    });
    this.worker = worker;
    worker.unref();
    worker.on('message', (report: FoldReport) => {
      if (report.kind === 'folded') this.observer?.folded(report.pass);
      else this.logger.warn(`Not folded for now: ${report.trouble}`);
    });
    worker.on('error', (error) => this.logger.error(describeError(error, true)));
    worker.on('exit', () => {
      this.worker = undefined;
      if (this.isStopping) return;
      this.restarting = setTimeout(() => this.start(), RESTART_MS).unref();
    });
  }
}
