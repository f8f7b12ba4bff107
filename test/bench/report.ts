import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cleanup } from './cleanup.js';
import { describeMachine, machineLines, type Machine } from './machine.js';
import type { Storage } from './options.js';
import { HEADER, isMet, judgedFigure, toRow, type Result } from './result.js';
import { formatTable } from './table.js';

/** Ended by a signal, as a shell reports it. */
const INTERRUPTED = 130;

export const NOT_MEASURED = 'TimescaleDB: NOT MEASURED, this machine has none';

interface Report {
  machine: Machine;
  /** What each storage is, or that this machine doesn't have it. */
  databases: string[];
  results: Result[];
}

/** One storage, while it is measured. */
export interface StorageRun {
  storage: Storage;
  /** For whatever it needs; removed at the end. */
  folder: string;
  /** Where what came out goes. */
  report: Report;
  /** Runs before the next storage's turn, and whatever happens. */
  ending: Cleanup;
}

interface Request {
  storages: readonly Storage[];
  /** Where the results go as JSON, besides the table. */
  json: string | undefined;
}

/**
 * Measures one storage after the other and prints what came out. What was started is ended, when a
 * signal interrupts it, too.
 *
 * @returns the exit code for the process, which may end now
 */
export async function runOnStorages(
  { storages, json }: Request,
  measureOn: (run: StorageRun) => Promise<void>,
): Promise<number> {
  const cleanup = new Cleanup();
  const interrupted = new Promise<undefined>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.on(signal, () => resolve(undefined));
    }
  });
  try {
    const report = await Promise.race([measureAll(storages, measureOn, cleanup), interrupted]);
    if (!report) return INTERRUPTED;
    print(report);
    if (json !== undefined) writeFileSync(json, toJson(report));
    return 0;
  } finally {
    await cleanup.run(say);
  }
}

/** Tells the person who waits. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function measureAll(
  storages: readonly Storage[],
  measureOn: (run: StorageRun) => Promise<void>,
  cleanup: Cleanup,
): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'user-analytics-bench-'));
  cleanup.add(() => rmSync(folder, { recursive: true, force: true }));
  const report: Report = { machine: describeMachine(folder), databases: [], results: [] };
  for (const storage of storages) {
    const ending = new Cleanup();
    cleanup.add(() => ending.run(say));
    say(`${storage}: starting the servers …`);
    await measureOn({ storage, folder, report, ending });
    // One storage at a time: an idle database server still takes memory and wakes up.
    await ending.run(say);
  }
  return report;
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
