import type { ClientBase } from 'pg';
import type { Mentions } from './mentions.js';

/** What is read at once: a line has some 500 characters. */
const LINES_AT_ONCE = 500;

/** A line of the log of rejections. */
export interface RejectionLine {
  id: string;
  time: Date;
  code: string;
  message: string;
  route: string;
  input: string;
}

/** The lines in which somebody is named, the oldest first. @param after the number of a line */
export async function* rejectionsNaming(
  client: ClientBase,
  mentions: Mentions,
  after = '0',
): AsyncGenerator<RejectionLine> {
  for (let last = after; ;) {
    const { rows } = await client.query<RejectionLine>(
      `SELECT id, time, code, message, route, input FROM rejections
       WHERE id > $1 ORDER BY id LIMIT $2`,
      [last, LINES_AT_ONCE],
    );
    for (const line of rows) {
      if (mentions.isIn(line.input) || mentions.isIn(line.route)) yield line;
    }
    if (rows.length < LINES_AT_ONCE) return;
    last = rows.at(-1)!.id;
  }
}
