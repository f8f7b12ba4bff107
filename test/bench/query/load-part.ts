import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from '../answer-reader.js';
import { expectStatus, runClosedLoop } from '../closed-loop.js';
import { createDataset, FIRST_TIME, userId } from '../dataset.js';
import { withConnections, type HttpConnection } from '../http-connection.js';
import { runOpenLoop } from '../open-loop.js';
import { LATENCY_LOAD, LEAD_SINGLES, SINGLE_CONNECTIONS } from '../plan.js';
import { singleRequests } from '../requests.js';
import type { Result } from '../result.js';
import { percentile } from '../statistics.js';
import { formatNumber } from '../table.js';
import { rangeAround, type DataSet } from './data-sets.js';
import { expectSame } from './figures.js';
import type { QuerySite } from './query-site.js';
import { ask, askHours, askProperty, PATIENCE_MS, type Question } from './questions.js';
import { provideMonth } from './read-parts.js';

const MINUTE_MS = 60_000;
/** Before singles are sent, so that all clients wait for an answer. */
const LEAD_MS = 300;
/** Before a client that was refused tries again. */
const RETRY_MS = 50;
/** What a server may say that takes no more queries for now. */
const REFUSALS = [429, 503];

/** p99 of single requests beside clients that query all the time, and without them. */
export async function measureLoad(site: QuerySite): Promise<Result[]> {
  const { plan } = site;
  const { data } = await provideMonth(site);
  await expectAnswers(site, data);
  const singles = new Singles(site);
  const rate = LATENCY_LOAD * (await singles.findRate());
  const [beside, alone]: [number[], number[]] = [[], []];
  const queries: Queries[] = [];
  for (let round = 1; round <= plan.rounds; round += 1) {
    site.say(`load: round ${round} of ${plan.rounds}`);
    alone.push(await singles.runLatency(rate));
    queries.push(
      await whileQuerying(site, data, async () => {
        beside.push(await singles.runLatency(rate));
      }),
    );
  }
  return [
    {
      ...site.figure(`p99 at ${formatNumber(rate)} requests/s beside queries`, 'ms', beside),
      against: 'without queries',
      referenceRounds: alone,
      ...(plan.judged && { required: { below: 3 } }),
    },
    site.figure('queries answered meanwhile', '', queries.map(({ answered }) => answered)), // prettier-ignore
    site.figure('queries refused meanwhile', '', queries.map(({ refused }) => refused)), // prettier-ignore
    site.figure('memory of the server after queries and singles', 'MB', [await site.residentMb()]),
  ];
}

/** The queries that will be heavy are right; also tells whether the server has them. */
async function expectAnswers(site: QuerySite, data: DataSet): Promise<void> {
  const { reference } = site.tools;
  expectSame((await ask(site.port, askHours(data))).said, (await reference.hours(data)).said);
  expectSame((await ask(site.port, askProperty(data))).said, (await reference.property(data)).said);
}

/** Single requests, each with an event of its own: what is there already costs less. */
class Singles {
  private sent = 0;

  constructor(private readonly site: QuerySite) {}

  /** @returns requests a second, as many as the server can take */
  async findRate(): Promise<number> {
    const { singleRequests: count, singleMs } = this.site.plan;
    const { answered, elapsedMs } = await this.closedLoop(count, singleMs);
    await this.expectStored();
    return (answered / elapsedMs) * 1_000;
  }

  /** @returns the 99th percentile, in milliseconds */
  async runLatency(rate: number): Promise<number> {
    await this.closedLoop(LEAD_SINGLES);
    const count = Math.ceil((rate * this.site.plan.latencyMs) / 1_000);
    const latencies = await runOpenLoop({
      port: this.site.port,
      connections: SINGLE_CONNECTIONS,
      requests: fresh(count),
      rate,
      check: (answer) => expectStatus(answer, 204),
    });
    this.sent += count;
    await this.expectStored();
    return percentile(latencies, 0.99);
  }

  private async closedLoop(count: number, durationMs?: number) {
    const result = await runClosedLoop({
      port: this.site.port,
      connections: SINGLE_CONNECTIONS,
      requests: fresh(count),
      ...(durationMs !== undefined && { durationMs }),
      check: (answer) => expectStatus(answer, 204),
    });
    this.sent += result.answered;
    return result;
  }

  private async expectStored(): Promise<void> {
    const { stored } = await this.site.tools.database.countFrom(FIRST_TIME);
    if (stored !== this.sent) throw new Error(`${stored} of ${this.sent} events are stored`);
  }
}

function fresh(count: number): Buffer[] {
  return singleRequests(createDataset(count), count, userId);
}

interface Queries {
  answered: number;
  refused: number;
}

/** Half of the clients ask for all days by hour, half for what only raw events tell. */
async function whileQuerying(
  site: QuerySite,
  data: DataSet,
  work: () => Promise<void>,
): Promise<Queries> {
  const queries: Queries = { answered: 0, refused: 0 };
  const ending = new AbortController();
  const questions = [askHours, askProperty, askHours, askProperty].map(
    (question, client) => (index: number) =>
      question(rangeAround(data, 2 * index + (client >> 1), MINUTE_MS)),
  );
  const use = async (connections: HttpConnection[]): Promise<void> => {
    const asking = connections.map((connection, client) =>
      keepAsking(connection, questions[client]!, queries, ending.signal),
    );
    await sleep(LEAD_MS);
    // A query that fails ends the measurement at once.
    await Promise.race([work(), Promise.all(asking)]);
    ending.abort();
    // What is still being answered would slow down what comes next.
    await Promise.all(asking);
  };
  await withConnections(site.port, questions.length, use, PATIENCE_MS);
  return queries;
}

async function keepAsking(
  connection: HttpConnection,
  question: (index: number) => Question,
  queries: Queries,
  signal: AbortSignal,
): Promise<void> {
  for (let index = 0; !signal.aborted; index += 1) {
    const answer: Answer = await connection.ask(question(index).request);
    if (REFUSALS.includes(answer.status)) {
      queries.refused += 1;
      await sleep(RETRY_MS);
    } else {
      expectStatus(answer, 200);
      queries.answered += 1;
    }
  }
}
