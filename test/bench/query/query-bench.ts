import { NOT_MEASURED, runOnStorages, say, type StorageRun } from '../report.js';
import type { Result } from '../result.js';
import { setUpSite } from '../stand.js';
import { measureLoad } from './load-part.js';
import { QUERY_HELP, readQueryOptions, type QueryOptions, type QueryPart } from './options.js';
import { UnansweredError } from './questions.js';
import { QuerySite } from './query-site.js';
import { measureGrowth, measureHour, measureHourly, measureMonth } from './read-parts.js';
import { measureFolding, measureWriting } from './write-parts.js';

/** In this order: what empties the tables comes before what fills them. */
const MEASURES: Record<QueryPart, (site: QuerySite) => Promise<Result[]>> = {
  write: measureWriting,
  fold: measureFolding,
  hour: measureHour,
  month: measureMonth,
  hourly: measureHourly,
  growth: measureGrowth,
  load: measureLoad,
};

/**
 * Runs the benchmark of reading with the options of a command line.
 *
 * @returns the exit code for the process, which may end now
 */
export async function runQueryBench(args: string[]): Promise<number> {
  const options = readQueryOptions(args);
  if (options.help) {
    say(QUERY_HELP);
    return 0;
  }
  return runOnStorages(options, (run) => measureOn(run, options));
}

async function measureOn(run: StorageRun, { plan, parts }: QueryOptions): Promise<void> {
  const { storage, folder, report, ending } = run;
  const site = await setUpSite(folder, storage, ending);
  if (!site) {
    report.databases.push(NOT_MEASURED);
    return;
  }
  report.databases.push(`${storage}: ${await site.tables.describe()}`);
  const querySite = await QuerySite.open(site, plan, ending, say);
  const results: Result[] = [];
  for (const part of parts) results.push(...(await measurePart(part, querySite)));
  results.push(...querySite.made);
  report.results.push(...(storage === 'plain' ? results.map(withoutRequirement) : results));
}

/** A server that doesn't have what a part asks for fails that part alone. */
async function measurePart(part: QueryPart, site: QuerySite): Promise<Result[]> {
  try {
    return await MEASURES[part](site);
  } catch (error) {
    if (!(error instanceof UnansweredError)) throw error;
    return [{ ...site.figure(part, '', []), failure: error.message }];
  }
}

/** What is required holds for TimescaleDB. */
function withoutRequirement(result: Result): Result {
  const { required: _, ...reported } = result;
  return reported;
}
