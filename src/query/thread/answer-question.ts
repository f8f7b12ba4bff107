import type { ClientBase } from 'pg';
import { effortOf, readCursor, toAnswer, type AnswerRow } from '../answer.js';
import { toTable } from '../csv-text.js';
import { findUser, runEvents, runExport } from '../engine/run-events.js';
import { toCsvLines, toCsvPage, toJsonLine, toListedLine } from '../event-lines.js';
import { writeEventCursor, type EventKey, type ExportQuery } from '../language/parse-events.js';
import { writeUsersCursor } from '../language/parse-users.js';
import { toPeopleCsv, toPersonJson, toUserJson } from '../user-answer.js';
import { runFunnel } from '../engine/run-funnel.js';
import { runHour } from '../engine/run-hour.js';
import type { EngineState } from '../engine/range-run.js';
import { runQuery } from '../engine/run-query.js';
import { runRetention } from '../engine/run-retention.js';
import { runUser } from '../engine/run-user.js';
import { runUsers } from '../engine/run-users.js';
import type { Snapshot } from '../engine/snapshot.js';
import { rangeText } from '../time/time-buckets.js';
import type { AnswerText, Format, Question, Reply } from './tasks.js';

type Run<Kind extends Question['kind']> = (
  client: ClientBase,
  snapshot: Snapshot,
  state: EngineState,
  question: Extract<Question, { kind: Kind }>,
  now: number,
) => Promise<Reply<Kind>>;

const RUNS: { [Kind in Question['kind']]: Run<Kind> } = {
  query: async (client, snapshot, state, { query, format }, now) => {
    const begun = performance.now();
    const fixed = query.cursor === undefined ? undefined : readCursor(query).range;
    const figures = await runQuery(client, snapshot, state, query, now, fixed);
    const answer = toAnswer(query, figures, state.limits.maxResultRows);
    const keys = [...query.dimensions, ...query.metrics].map(({ key }) => key);
    return tell(query, figures.current.botEvents, write(answer, format, keys, begun));
  },
  funnel: async (client, snapshot, state, { query, format }, now) => {
    const begun = performance.now();
    const { effort, botEvents, ...answer } = await runFunnel(client, snapshot, state, query, now);
    const meta = { ...effortOf(effort), bot_events: botEvents };
    const columns = Object.keys(answer.results[0]!);
    return tell(query, botEvents, write({ ...answer, meta }, format, columns, begun));
  },
  retention: async (client, snapshot, state, { query, format }, now) => {
    const begun = performance.now();
    const { effort, botEvents, ...answer } = await runRetention(
      client,
      snapshot,
      state,
      query,
      now,
    );
    const whole = { ...answer, meta: { ...effortOf(effort), bot_events: botEvents } };
    if (format === 'json') return tell(query, botEvents, write(whole, format, [], begun));
    const periods = answer.results.map((_, period) => `period_${period}`);
    const results = answer.results.map(({ cohort, size, retained }) =>
      Object.fromEntries([
        ['cohort', cohort],
        ['size', size],
        ...retained.map((users, period) => [periods[period], users]),
      ]),
    ) as AnswerRow[];
    const columns = ['cohort', 'size', ...periods];
    return tell(query, botEvents, write({ ...whole, results }, format, columns, begun));
  },
  events: async (client, snapshot, state, { query, format }, now) => {
    const begun = performance.now();
    const { range, rows, botEvents } = await runEvents(client, snapshot, state, query, now);
    const last = rows.length === query.limit ? rows.at(-1) : undefined;
    const nextCursor = last ? writeEventCursor(last.key) : null;
    if (format === 'csv') return tell(query, botEvents, { text: toCsvPage(rows), nextCursor });
    const lines = rows.map(toListedLine);
    const tail = JSON.stringify({
      query: { date_range: rangeText(range, query.timezone), limit: query.limit },
      meta: {
        raw_rows: rows.length,
        bot_events: botEvents,
        milliseconds: elapsed(begun),
        next_cursor: nextCursor,
      },
    });
    const text = `{"results":[${lines.join(',')}],${tail.slice(1)}`;
    return tell(query, botEvents, { text, nextCursor });
  },
  export: async (client, snapshot, _, { query, after, limit }) => {
    const from = after ?? (query.after && (await keyOf(client, query.after)));
    const rows = await runExport(client, snapshot, { ...query, after: from, limit });
    const text =
      query.format === 'csv'
        ? toCsvLines(rows)
        : rows.map((row) => `${toJsonLine(row)}\n`).join('');
    return { text, last: rows.at(-1)?.key, count: rows.length };
  },
  user: async (client, { horizons }, _, { query }) => ({
    text: toUserJson(await runUser(client, query, horizons), horizons.latestMs()),
    nextCursor: null,
  }),
  users: async (client, _, __, { query, format }) => {
    const begun = performance.now();
    const { rows, isFull } = await runUsers(client, query);
    const nextCursor = isFull ? writeUsersCursor(rows.at(-1)!.seq) : null;
    if (format === 'csv') return { text: toPeopleCsv(rows), nextCursor };
    const meta = JSON.stringify({ milliseconds: elapsed(begun), next_cursor: nextCursor });
    return { text: `{"results":[${rows.map(toPersonJson).join(',')}],"meta":${meta}}`, nextCursor };
  },
  hour: (client, snapshot, state, { from, to }) => runHour(client, snapshot, state, { from, to }),
};

/** Answers any question, within one snapshot. */
export function answerQuestion<Kind extends Question['kind']>(
  client: ClientBase,
  snapshot: Snapshot,
  state: EngineState,
  question: Extract<Question, { kind: Kind }>,
  now: number,
): Promise<Reply<Kind>> {
  return (RUNS[question.kind] as Run<Kind>)(client, snapshot, state, question, now);
}

async function keyOf(
  client: ClientBase,
  after: NonNullable<ExportQuery['after']>,
): Promise<EventKey> {
  return { time: after.time, id: after.id, userSeq: await findUser(client, after) };
}

/** CSV has no place for it: it's told beside the text. */
function tell(
  { includeBots }: { includeBots: boolean },
  left: number,
  answer: AnswerText,
): AnswerText {
  return includeBots ? answer : { ...answer, botEventsLeftOut: left };
}

function elapsed(begun: number): number {
  return Math.round((performance.now() - begun) * 10) / 10;
}

/** Written here, since long texts would hold up the thread that takes requests. */
function write(
  answer: { results: AnswerRow[]; meta: object },
  format: Format,
  columns: string[],
  begun: number,
): AnswerText {
  const meta = { ...answer.meta, milliseconds: elapsed(begun) };
  const nextCursor = (meta as { next_cursor?: string | null }).next_cursor ?? null;
  if (format === 'json') return { text: JSON.stringify({ ...answer, meta }), nextCursor };
  const rows = answer.results.map((row) => columns.map((column) => row[column]));
  return { text: toTable([columns, ...rows]), nextCursor };
}
