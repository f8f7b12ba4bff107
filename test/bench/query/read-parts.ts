import type { Requirement, Result } from '../result.js';
import {
  DAY_MS,
  hourData,
  hourEnd,
  monthData,
  rangeAround,
  rangeOfMinutes,
  tenthData,
  type DataSet,
} from './data-sets.js';
import { expectSame, type Timed } from './figures.js';
import { REQUIRED_EVENTS } from './plan.js';
import type { QuerySite } from './query-site.js';
import { ask, askHour, askHours, askRange, type Question } from './questions.js';

const HOUR_MS = 3_600_000;
/** What the hour's requirement is made for. */
const HOUR_EVENTS = 1_000_000;
const HOUR_USERS = 200_000;
/** With fewer, growth is that of the milliseconds that every answer takes. */
const GROWTH_EVENTS = 5_000_000;
/** Of a round whose questions all have one answer, which SQL has to give only once. */
const ANSWERS_A_ROUND = 5;

/** What the server answers, and SQL as well. */
interface Reading {
  what: string;
  required: Requirement | undefined;
  rounds: number;
  /** Questions of one round; more than one where all have the same answer. */
  answers: number;
  /** Each index is another question, so that none is answered from what was answered before. */
  question: (index: number) => Question;
  reference: (index: number) => Promise<Timed>;
}

/** One hour to the second. */
export async function measureHour(site: QuerySite): Promise<Result[]> {
  const { hourEvents, hourUsers, rounds } = site.plan;
  const data = hourData(site.plan);
  await site.provide(data);
  const isWhole = hourEvents >= HOUR_EVENTS && hourUsers >= HOUR_USERS;
  return measureReading(site, {
    what: `an hour of ${count(hourEvents)} events to the second`,
    required: isWhole ? { atLeast: 10 } : undefined,
    rounds,
    answers: 1,
    question: (index) => askHour(hourEnd(data, index)),
    reference: (index) => site.tools.reference.hour(hourEnd(data, index)),
  });
}

/** All of many days. */
export async function measureMonth(site: QuerySite): Promise<Result[]> {
  const { data, what, isWhole } = await provideMonth(site);
  const range = (index: number) => rangeAround(data, index, DAY_MS);
  return measureReading(site, {
    what,
    required: isWhole ? { atLeast: 1_000 } : undefined,
    rounds: site.plan.dearRounds,
    answers: ANSWERS_A_ROUND,
    question: (index) => askRange(range(index)),
    reference: (index) => site.tools.reference.range(range(index)),
  });
}

/** Many days by hour, with totals. */
export async function measureHourly(site: QuerySite): Promise<Result[]> {
  const { data, what, isWhole } = await provideMonth(site);
  const range = (index: number) => rangeAround(data, index, HOUR_MS);
  return measureReading(site, {
    what: `${what}, by hour`,
    required: isWhole ? { atLeast: 500 } : undefined,
    rounds: site.plan.dearRounds,
    answers: ANSWERS_A_ROUND,
    question: (index) => askHours(range(index)),
    reference: (index) => site.tools.reference.hours(range(index)),
  });
}

/** Many days but for some minutes, beside a tenth of the events. */
export async function measureGrowth(site: QuerySite): Promise<Result[]> {
  const { data: month, what } = await provideMonth(site);
  const tenth = tenthData(site.plan);
  await site.provide(tenth);
  const { rounds: count_, warmUps, events } = site.plan;
  await site.restart();
  site.say('growth');
  const [rounds, referenceRounds]: [number[], number[]] = [[], []];
  for (let index = 0; index < warmUps + count_; index += 1) {
    const isMeasured = index >= warmUps;
    for (const [data, times] of [
      [month, rounds],
      [tenth, referenceRounds],
    ] as const) {
      const range = rangeOfMinutes(data, index);
      const answer = await ask(site.port, askRange(range));
      if (!isMeasured) continue;
      expectSame(answer.said, (await site.tools.reference.range(range)).said);
      times.push(answer.ms);
    }
  }
  return [
    {
      ...site.figure(`${what}, to the minute`, 'ms', rounds),
      against: 'a tenth of the events',
      referenceRounds,
      ...(events >= GROWTH_EVENTS && { required: { below: 1.5 } }),
    },
  ];
}

/** What several parts read. */
export async function provideMonth(
  site: QuerySite,
): Promise<{ data: DataSet; what: string; isWhole: boolean }> {
  const { events, days } = site.plan;
  const data = monthData(site.plan);
  await site.provide(data);
  const what = `${days} days of ${count(events)} events`;
  return { data, what, isWhole: events >= REQUIRED_EVENTS && days >= 30 };
}

/** First what a server answers that has just started, then what it answers in the long run. */
async function measureReading(site: QuerySite, reading: Reading): Promise<Result[]> {
  const cold: Round[] = [];
  const warm: Round[] = [];
  let index = 0;
  for (let round = 0; round < site.plan.dearRounds; round += 1) {
    await site.restart();
    site.say(`${reading.what}: cold`);
    cold.push(await runRound(site, { ...reading, answers: 1 }, index));
    index += 1;
  }
  for (let warmUp = 0; warmUp < site.plan.warmUps; warmUp += 1) {
    await ask(site.port, reading.question(index));
    index += 1;
  }
  for (let round = 0; round < reading.rounds; round += 1) {
    site.say(`${reading.what}: round ${round + 1} of ${reading.rounds}`);
    warm.push(await runRound(site, reading, index));
    index += reading.answers;
  }
  const { required } = reading;
  return [
    { ...toResult(site, reading.what, warm), ...(required && { required }) },
    toResult(site, `${reading.what}: cold`, cold),
    site.figure(`${reading.what}: memory of the server after it`, 'MB', [await site.residentMb()]),
  ];
}

interface Round {
  answers: number[];
  sql: number;
}

/** @throws when an answer isn't that of SQL */
async function runRound(site: QuerySite, reading: Reading, index: number): Promise<Round> {
  const answers: Timed[] = [];
  for (let answer = 0; answer < reading.answers; answer += 1) {
    answers.push(await ask(site.port, reading.question(index + answer)));
  }
  const expected = await reading.reference(index);
  for (const { said } of answers) expectSame(said, expected.said);
  return { answers: answers.map(({ ms }) => ms), sql: expected.ms };
}

function toResult(site: QuerySite, what: string, rounds: readonly Round[]): Result {
  return {
    ...site.figure(what, 'ms', rounds.flatMap(({ answers }) => answers)), // prettier-ignore
    against: 'SQL',
    referenceRounds: rounds.map(({ sql }) => sql),
    timesFaster: true,
  };
}

function count(events: number): string {
  return events.toLocaleString('en-US');
}
