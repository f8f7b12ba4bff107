import { expectStored, runBatches, type BulkRound } from '../bulk-rounds.js';
import { runClosedLoop } from '../closed-loop.js';
import { createDataset, FIRST_TIME, LAST_TIME, sliceOf, type Dataset } from '../dataset.js';
import { BATCH_CONNECTIONS, BATCH_SIZE } from '../plan.js';
import { batchRequests } from '../requests.js';
import type { Result } from '../result.js';
import type { QuerySite } from './query-site.js';

/** Requests are made in pieces, between which the clock stands: all at once would fill the memory. */
const EVENTS_A_PIECE = 500_000;

/** Batches while they are rolled up, and while nothing rolls them up. */
export async function measureWriting(querySite: QuerySite): Promise<Result[]> {
  const { plan, site, tools } = querySite;
  const requests = batchRequests(createDataset(plan.writeEvents), plan.writeEvents, BATCH_SIZE);
  const withRollups: BulkRound[] = [];
  const without: BulkRound[] = [];
  await runBatches(site, requests);
  for (let round = 1; round <= plan.rounds; round += 1) {
    querySite.say(`write: round ${round} of ${plan.rounds}`);
    const measures = [
      async () => withRollups.push(await runBatches(site, requests)),
      async () =>
        without.push(await tools.database.withoutTrigger(() => runBatches(site, requests))),
    ];
    // Either follows on the other as often as it goes before.
    for (const measure of round % 2 === 1 ? measures : measures.toReversed()) await measure();
  }
  await site.tables.prepareRound();
  const rates = (rounds: BulkRound[]): number[] => rounds.map(({ perSecond }) => perSecond);
  const cpu = (rounds: BulkRound[]): number[] => rounds.flatMap(({ cpuMs }) => cpuMs ?? []);
  return [
    {
      ...querySite.figure('batches of 1,000 with rollups', 'events/s', rates(withRollups)),
      against: 'without rollups',
      referenceRounds: rates(without),
      ...(plan.judged && { required: { atLeast: 0.85 } }),
    },
    {
      ...querySite.figure('batches of 1,000 with rollups: CPU', 'ms/event', cpu(withRollups)),
      against: 'without rollups',
      referenceRounds: cpu(without),
    },
  ];
}

/** Folding what was written over HTTP, against writing it; nothing is folded meanwhile. */
export async function measureFolding(querySite: QuerySite): Promise<Result[]> {
  const { plan, site, tools } = querySite;
  const events = Math.ceil(plan.foldEvents / BATCH_SIZE) * BATCH_SIZE;
  const folding: number[] = [];
  const writing: number[] = [];
  for (let round = 1; round <= plan.dearRounds; round += 1) {
    querySite.say(`fold: round ${round} of ${plan.dearRounds}`);
    await site.tables.prepareRound();
    await tools.database.withoutFolders({ from: FIRST_TIME, to: LAST_TIME }, async () => {
      writing.push((await write(site.subject.port, createDataset(events))) / 1_000);
      const waiting = await tools.database.countUnfolded();
      if (waiting !== events) throw new Error(`Of ${events} events ${waiting} wait to be folded`);
      folding.push((await tools.database.foldAll()) / 1_000);
    });
    const { stored, rolledUp } = await tools.database.countFrom(FIRST_TIME);
    if (stored !== events || rolledUp !== events) {
      throw new Error(`Of ${events} events ${stored} are stored and ${rolledUp} rolled up`);
    }
  }
  await site.tables.prepareRound();
  return [
    {
      ...querySite.figure(`folding ${events.toLocaleString('en-US')} events`, 's', folding),
      against: 'writing them in batches over HTTP',
      referenceRounds: writing,
      ...(plan.judged && { required: { atMost: 0.5 } }),
    },
  ];
}

/** @returns how long the server took, in milliseconds */
async function write(port: number, dataset: Dataset): Promise<number> {
  let ms = 0;
  for (let start = 0; start < dataset.count; start += EVENTS_A_PIECE) {
    const count = Math.min(EVENTS_A_PIECE, dataset.count - start);
    const { elapsedMs } = await runClosedLoop({
      port,
      connections: BATCH_CONNECTIONS,
      requests: batchRequests(sliceOf(dataset, start, count), count, BATCH_SIZE),
      check: (answer) => expectStored(answer, BATCH_SIZE),
    });
    ms += elapsedMs;
  }
  return ms;
}
