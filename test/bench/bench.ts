import { createDataset, type Dataset } from './dataset.js';
import { toResults } from './figures.js';
import { eventsNeeded } from './inputs.js';
import { measureStorage } from './measure-storage.js';
import { HELP, readOptions, type BenchOptions } from './options.js';
import { FULL_PLAN, QUICK_PLAN, type Plan } from './plan.js';
import { QUERY_HELP } from './query/options.js';
import { runQueryBench } from './query/query-bench.js';
import { NOT_MEASURED, runOnStorages, say, type StorageRun } from './report.js';
import { setUpStand } from './stand.js';

/**
 * Runs the benchmark with the options of a command line and prints what came out.
 *
 * @returns the exit code for the process, which may end now
 */
export async function runBench(args: string[]): Promise<number> {
  if (args[0] === 'query') return runQueryBench(args.slice(1));
  const options = readOptions(args);
  if (options.help) {
    say(`${HELP}\n\n${QUERY_HELP}`);
    return 0;
  }
  const plan = options.quick ? QUICK_PLAN : FULL_PLAN;
  const dataset = createDataset(eventsNeeded(plan));
  return runOnStorages(options, (run) => measureOn(run, { plan, dataset, options }));
}

interface Task {
  plan: Plan;
  dataset: Dataset;
  options: BenchOptions;
}

async function measureOn(run: StorageRun, { plan, dataset, options }: Task): Promise<void> {
  const { storage, folder, report, ending } = run;
  const stand = await setUpStand(folder, storage, ending);
  if (!stand) {
    report.databases.push(NOT_MEASURED);
    return;
  }
  report.databases.push(`${storage}: ${await stand.tables.describe()}`);
  const figures = await measureStorage(stand, dataset, plan, options.parts, say);
  report.results.push(...toResults(storage, figures, options.parts));
}
