import type { DataSource } from 'typeorm';
import type { TestApplication } from './application.js';

/** An event as it's stored. */
export interface StoredCall {
  event: string;
  user: string;
  kind: 'known' | 'anonymous';
  source: string;
  time: Date;
  properties: Record<string, unknown> | null;
}

/** In the order of their times, then of their names. */
export function storedCalls(dataSource: DataSource): Promise<StoredCall[]> {
  return dataSource.query<StoredCall[]>(
    `SELECT event_names.name AS event, users.id AS user, users.kind, sources.name AS source, time, properties
     FROM events JOIN users ON seq = user_seq
       JOIN event_names ON event_names.id = name_id
       JOIN sources ON sources.id = source_id ORDER BY time, event`,
  );
}

/** Which anonymous user belongs to which person, as `anonymous -> known`. */
export async function storedMerges(dataSource: DataSource): Promise<string[]> {
  const rows = await dataSource.query<{ merge: string }[]>(
    `SELECT anonymous.id || ' -> ' || known.id AS merge FROM merges
       JOIN users AS anonymous ON anonymous.seq = anonymous_seq
       JOIN users AS known ON known.seq = known_seq
     WHERE undone_at IS NULL ORDER BY merges.id`,
  );
  return rows.map(({ merge }) => merge);
}

export async function traitsOf(dataSource: DataSource, user: string): Promise<unknown> {
  const [row] = await dataSource.query<{ traits: unknown }[]>(
    `SELECT alias_traits || traits AS traits FROM users WHERE kind = 'known' AND id = $1`,
    [user],
  );
  return row?.traits;
}

/** Sends a body as JSON to an endpoint below `/v1/`. */
export function call(
  server: TestApplication,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return server.post(`/v1/${path}`, {
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

/** No event is left, and no user but nobody. */
export async function forgetCalls(dataSource: DataSource): Promise<void> {
  await dataSource.query('TRUNCATE events');
  await dataSource.query('DELETE FROM merges');
}
