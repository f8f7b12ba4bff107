import type { ClientBase } from 'pg';
import { ALL_NAMES, OTHER_NAMES } from '../grains.js';
import type { Difference } from '../verify.js';
import { amount, LENGTHS, timeOf } from './text.js';

/** A line for each, with the names of sources and events. */
export async function differenceLines(
  client: ClientBase,
  differences: readonly Difference[],
): Promise<string[]> {
  const sources = await readNames(
    client,
    'sources',
    differences.map(({ sourceId }) => sourceId),
  );
  const names = await readNames(
    client,
    'event_names',
    differences.map(({ nameId }) => nameId),
  );
  names.set(ALL_NAMES, 'all names').set(OTHER_NAMES, '(other)');
  return differences.map((difference) => {
    const { grain, bucket, sourceId, nameId, bot, expected, found, flaw } = difference;
    const source = sources.get(sourceId) ?? `number ${sourceId}`;
    const name = names.get(nameId) ?? `name number ${nameId}`;
    const key = [
      timeOf(bucket),
      LENGTHS[grain],
      `source ${source}`,
      name,
      bot ? 'bots' : 'no bots',
    ];
    const remark = flaw === undefined ? '' : ` (${flaw})`;
    const isOfNobody = expected.nobody !== found.nobody;
    const [wanted, there] = [expected, found].map((side) => figures(side, isOfNobody));
    return `${key.join(', ')}: expected ${wanted}; found ${there}${remark}`;
  });
}

/** @param isOfNobody whether the sides differ in what is nobody's, which isn't of interest else */
function figures({ events, nobody, users }: Difference['expected'], isOfNobody: boolean): string {
  const ofNobody = isOfNobody ? ` (${nobody} of nobody)` : '';
  return `${amount(events, 'event')}${ofNobody}, ${amount(users, 'user')}`;
}

/** In quotes: a name may be any text. */
async function readNames(
  client: ClientBase,
  table: 'sources' | 'event_names',
  ids: number[],
): Promise<Map<number, string>> {
  const { rows } = await client.query<{ id: number; name: string }>(
    `SELECT id, name FROM ${table} WHERE id = ANY($1::integer[])`,
    [[...new Set(ids)]],
  );
  return new Map(rows.map(({ id, name }) => [id, JSON.stringify(name)]));
}
