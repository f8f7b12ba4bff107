import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cleanup } from './cleanup.js';
import { createDataset, type Dataset } from './dataset.js';
import { toResults } from './figures.js';
import { eventsNeeded } from './inputs.js';
import { describeMachine, machineLines, type Machine } from './machine.js';
import { measureStorage } from './measure-storage.js';
import { HELP, readOptions, type BenchOptions, type Storage } from './options.js';
import { FULL_PLAN, QUICK_PLAN, type Plan } from './plan.js';
import { HEADER, isMet, judgedFigure, toRow, type Result } from './result.js';
import { setUpStand } from './stand.js';
import { formatTable } from './table.js';

/** Ended by a signal, as a shell reports it. */
const INTERRUPTED = 130;

interface Report {
  machine: Machine;
  /** What each storage is, or that this machine doesn't have it. */
  databases: string[];
  results: Result[];
}

/**
 * Runs the benchmark with the options of a command line and prints what came out.
 *
 * @returns the exit code for the process, which may end now
 */
export async function runBench(args: string[]): Promise<number> {
  const options = readOptions(args);
  if (options.help) {
    say(HELP);
    return 0;
  }
  const cleanup = new Cleanup();
  const interrupted = new Promise<undefined>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.on(signal, () => resolve(undefined));
    }
  });
  try {
    const report = await Promise.race([measure(options, cleanup), interrupted]);
    if (!report) return INTERRUPTED;
    print(report);
    if (options.json !== undefined) writeFileSync(options.json, toJson(report));
    return 0;
  } finally {
    await cleanup.run(say);
  }
}

async function measure(options: BenchOptions, cleanup: Cleanup): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'user-analytics-bench-'));
  cleanup.add(() => rmSync(folder, { recursive: true, force: true }));
  const plan = options.quick ? QUICK_PLAN : FULL_PLAN;
  const report: Report = { machine: describeMachine(folder), databases: [], results: [] };
  const dataset = createDataset(eventsNeeded(plan));
  for (const storage of options.storages) {
    const ending = new Cleanup();
    cleanup.add(() => ending.run(say));
    await measureOn(storage, { folder, plan, dataset, options, report, ending });
    // One storage at a time: an idle database server still takes memory and wakes up.
    await ending.run(say);
  }
  return report;
}

interface StorageRun {
  folder: string;
  plan: Plan;
  dataset: Dataset;
  options: BenchOptions;
  report: Report;
  ending: Cleanup;
}

async function measureOn(storage: Storage, run: StorageRun): Promise<void> {
  const { folder, plan, dataset, options, report, ending } = run;
  say(`${storage}: starting the servers …`);
  const stand = await setUpStand(folder, storage, ending);
  if (!stand) {
    report.databases.push('TimescaleDB: NOT MEASURED, this machine has none');
    return;
  }
  report.databases.push(`${storage}: ${await stand.tables.describe()}`);
  const figures = await measureStorage(stand, dataset, plan, options.parts, say);
  report.results.push(...toResults(storage, figures, options.parts));
}

function print({ machine, databases, results }: Report): void {
  const table = formatTable(HEADER, results.map(toRow));
  say(['', ...machineLines(machine, databases), '', table, ''].join('\n'));
}

function toJson({ machine, databases, results }: Report): string {
  const judged = results.map((result) => ({
    ...result,
    figure: judgedFigure(result),
    met: isMet(result),
  }));
  return `${JSON.stringify({ machine, databases, results: judged }, undefined, 2)}\n`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
