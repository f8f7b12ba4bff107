import type { ClientBase } from 'pg';
import type { Snapshot } from '../query/engine/snapshot.js';
import { DAY, MINUTE_MS, OTHER_NAMES } from '../rollup/grains.js';
import type { RollupRow } from '../rollup/rollup-rows.js';
import { Mentions } from './mentions.js';
import type { PersonUser } from './person.js';
import { EVENTS, GROUPS, IDENTITIES, MERGES, PERSON, REFUSED_MERGES } from './person-lists.js';
import { rejectionsNaming } from './rejections.js';
import { rolledUpDays } from './rolled-up-days.js';

/** What is in memory at once: an event has 32 KB at most. */
const LINES_AT_ONCE = 200;

/**
 * All that is kept of a person, as one JSON object, in parts.
 *
 * @param client in a transaction that sees one moment of the database
 * @param users who are the person, their own first
 */
export async function* exportPerson(
  client: ClientBase,
  { horizons }: Snapshot,
  users: readonly PersonUser[],
): AsyncGenerator<string> {
  const seqs = users.map(({ seq }) => seq);
  const { rows } = await client.query<{ line: string }>(PERSON, [seqs]);
  yield rows[0]!.line.slice(0, -1);
  const horizonMs = horizons.latestMs();
  const rawFrom = Number.isFinite(horizonMs) ? new Date(horizonMs).toISOString() : null;
  yield `, "raw_from": ${JSON.stringify(rawFrom)}`;
  const mentions = new Mentions(users.map(({ id }) => id));
  const lists: [string, AsyncGenerator<string>][] = [
    ['identities', readLines(client, IDENTITIES, seqs)],
    ['groups', readLines(client, GROUPS, seqs)],
    ['merges', readLines(client, MERGES, seqs)],
    ['refused_merges', readLines(client, REFUSED_MERGES, seqs)],
    ['rejections', rejectionLines(client, mentions)],
    ['rollups', rollupLines(client, seqs)],
    ['events', readLines(client, EVENTS, seqs)],
  ];
  for (const [name, lines] of lists) yield* list(name, lines);
  yield '}\n';
}

async function* list(name: string, lines: AsyncGenerator<string>): AsyncGenerator<string> {
  yield `,\n"${name}": [`;
  let separator = '\n';
  for await (const line of lines) {
    yield separator + line;
    separator = ',\n';
  }
  yield ']';
}

/** By a cursor: the rows are sorted once, and a few of them at a time are here. */
async function* readLines(
  client: ClientBase,
  statement: string,
  seqs: readonly number[],
): AsyncGenerator<string> {
  await client.query(`DECLARE lines NO SCROLL CURSOR FOR ${statement}`, [seqs]);
  for (;;) {
    const { rows } = await client.query<{ line: string }>(`FETCH ${LINES_AT_ONCE} FROM lines`);
    for (const { line } of rows) yield line;
    if (rows.length < LINES_AT_ONCE) break;
  }
  await client.query('CLOSE lines');
}

async function* rejectionLines(client: ClientBase, mentions: Mentions): AsyncGenerator<string> {
  for await (const { time, code, message, route, input } of rejectionsNaming(client, mentions)) {
    yield JSON.stringify({ time, code, message, route, input });
  }
}

/** Of days that raw events are gone of: that the person was there, and nothing else, is known. */
async function* rollupLines(client: ClientBase, seqs: readonly number[]): AsyncGenerator<string> {
  for await (const row of rolledUpDays(client, seqs)) {
    yield JSON.stringify(await dayOfRow(client, row));
  }
}

async function dayOfRow(client: ClientBase, row: RollupRow): Promise<object> {
  const { rows } = await client.query<{ event: string | null; source: string }>(
    `SELECT (SELECT name FROM event_names WHERE id = $1) AS event, name AS source
     FROM sources WHERE id = $2`,
    [row.nameId, row.sourceId],
  );
  const { event, source } = rows[0]!;
  return {
    from: new Date(row.bucket * MINUTE_MS).toISOString(),
    to: new Date((row.bucket + DAY) * MINUTE_MS).toISOString(),
    event: row.nameId === OTHER_NAMES ? '(other)' : event,
    source,
    bot: row.bot,
  };
}
