import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import type { ErasureDto } from '../../src/privacy/privacy.dto.js';
import { UserSet } from '../../src/rollup/user-set.js';

/** What is answered to a request to erase somebody. */
export interface ErasureAnswer {
  status: number;
  body: ErasureDto & { code?: string };
}

export async function eraseUser(base: string, id: string, kind = 'known'): Promise<ErasureAnswer> {
  const url = `${base}/analytics/users/${encodeURIComponent(id)}?kind=${kind}`;
  const response = await fetch(url, { method: 'DELETE' });
  return { status: response.status, body: (await response.json()) as ErasureAnswer['body'] };
}

/** @returns why each event wasn't stored, in order; undefined where it was */
export async function sendEvents(base: string, events: object[]): Promise<(string | undefined)[]> {
  const response = await fetch(`${base}/analytics/batch?receipts=all`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(events),
  });
  const { receipts } = (await response.json()) as { receipts: { code?: string }[] };
  return receipts.map(({ code }) => code);
}

/** How a text may stand somewhere. */
function formsOf(text: string): string[] {
  const json = JSON.stringify(text).slice(1, -1);
  const ascii = json.replaceAll(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  const form = new URLSearchParams({ text }).toString().slice('text='.length);
  const encoded = encodeURIComponent(text);
  const forms = [text, json, ascii, JSON.stringify(json).slice(1, -1), form, encoded];
  forms.push(encoded.toLowerCase(), Buffer.from(text).toString('hex'));
  // A row as text doubles what it has to.
  const inRows = forms.map((one) => one.replaceAll('\\', '\\\\').replaceAll('"', '""'));
  return [...new Set([...forms, ...inRows])];
}

/**
 * The tables in which a text stands, in whatever form and column: of every schema, chunks and the
 * planner's statistics included, each row read as one text.
 */
export async function tablesHolding(dataSource: DataSource, text: string): Promise<string[]> {
  const tables = await dataSource.query<{ name: string }[]>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables ORDER BY 1`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await dataSource.query<unknown[]>(
      `SELECT FROM ONLY ${name} AS one WHERE EXISTS (
         SELECT FROM unnest($1::text[]) AS form WHERE strpos(one::text, form) > 0
       ) LIMIT 1`,
      [formsOf(text)],
    );
    if (rows.length > 0) found.push(name);
  }
  return found;
}

/** The files below a folder in which a text stands, in whatever form. @param leftOut folders' names */
export function filesHolding(folder: string, text: string, leftOut: string[] = []): string[] {
  const forms = formsOf(text);
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !leftOut.some((name) => path.startsWith(join(folder, name))))
    .filter((path) => {
      const content = readFileSync(path);
      return forms.some((form) => content.includes(form));
    });
}

/** Whether a number stands in any set of the rollups, or in what waits for them. */
export async function isRolledUp(dataSource: DataSource, seq: number): Promise<boolean> {
  const rows = await dataSource.query<{ users: Buffer }[]>('SELECT users FROM rollups');
  const one = UserSet.of([seq]);
  if (rows.some(({ users }) => UserSet.read(users).intersects(one))) return true;
  const waiting = await dataSource.query<unknown[]>(
    'SELECT FROM rollup_deltas WHERE users @> ARRAY[$1::integer]',
    [seq],
  );
  return waiting.length > 0;
}

export async function numberOf(
  dataSource: DataSource,
  id: string,
  kind = 'known',
): Promise<number | undefined> {
  const [row] = await dataSource.query<{ seq: number }[]>(
    'SELECT seq FROM users WHERE kind = $1 AND id = $2',
    [kind, id],
  );
  return row?.seq;
}
