import { Client } from 'pg';
import { toAnswer, type Answer } from '../../../src/query/answer.js';
import { KnownState } from '../../../src/query/engine/known-state.js';
import { runQuery } from '../../../src/query/engine/run-query.js';
import { inSnapshot } from '../../../src/query/engine/snapshot.js';
import type { Query } from '../../../src/query/language/query.js';
import { eraseUsers } from '../../../src/rollup/erase.js';
import { fold } from '../../../src/rollup/fold.js';
import { moveHorizon } from '../../../src/rollup/horizon.js';
import { BelowHorizonError, rebuildMinutes } from '../../../src/rollup/rebuild.js';
import { ANONYMOUS, type ModelEvent } from './events-model.js';

const LIMITS = {
  maxRawRows: 1_000_000,
  maxBuckets: 1_000_000,
  maxResultRows: 100_000,
  timeoutMs: 30_000,
};
const CONNECTIONS = 5;

/** Of an event's source. */
const HORIZON = `greatest((SELECT raw_from FROM horizon), (SELECT own.raw_from
  FROM source_horizons AS own WHERE own.source_id = events.source_id))`;

/** The real thing, to which all is done that is done to the model. */
export class ModelDatabase {
  // Small, so that sets leave it while others are looked at.
  private readonly state = new KnownState(LIMITS, 8 * 1024);

  private constructor(private readonly clients: Client[]) {}

  static async open(url: string): Promise<ModelDatabase> {
    const clients = Array.from({ length: CONNECTIONS }, () => new Client(url));
    await Promise.all(clients.map((client) => client.connect()));
    return new ModelDatabase(clients);
  }

  async close(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.end()));
  }

  async reset(): Promise<void> {
    await this.client.query(
      `TRUNCATE events; DELETE FROM merges; UPDATE users SET traits = '{}' WHERE traits <> '{}';
       UPDATE horizon SET raw_from = '-infinity'; DELETE FROM source_horizons`,
    );
  }

  async insert(events: readonly ModelEvent[], client = this.client): Promise<void> {
    await client.query(`SELECT record_events($1, $2, $3, $4, $5, $6, $7, $8)`, [
      events.map(({ time }) => new Date(time).toISOString()),
      events.map(({ user }) => user),
      events.map(({ name }) => name),
      events.map(({ id }) => id),
      events.map(({ user }) => (user?.startsWith(ANONYMOUS) ? 'anonymous' : 'known')),
      events.map(({ source }) => source),
      events.map(({ bot }) => bot),
      events.map(({ properties }) => JSON.stringify(properties)),
    ]);
  }

  /** Writers, folders and a reader at once. */
  async storm(batches: readonly ModelEvent[][], query: Query): Promise<Answer> {
    const [first, second, third, fourth, fifth] = this.clients as [
      Client,
      Client,
      Client,
      Client,
      Client,
    ];
    const writing = Promise.all(
      [...batches.entries()].map(([index, batch]) =>
        this.insert(batch, [first, second][index % 2]),
      ),
    );
    const folding = Promise.all([fold(third), fold(fourth)]);
    const answer = await this.ask(query, fifth);
    await Promise.all([writing, folding]);
    return answer;
  }

  async fold(): Promise<void> {
    await Promise.all([fold(this.clients[0]!), fold(this.clients[1]!)]);
  }

  async remove(user: string): Promise<void> {
    await this.client.query(
      'DELETE FROM events WHERE user_seq IN (SELECT seq FROM users WHERE id = $1)',
      [user],
    );
  }

  async erase(user: string): Promise<void> {
    const { rows } = await this.client.query<{ seq: number }>(
      'SELECT seq FROM users WHERE id = $1',
      [user],
    );
    await eraseUsers(
      this.client,
      rows.map(({ seq }) => seq),
    );
  }

  /** @param names by which events have changed their own */
  async rename(from: string, to: string): Promise<void> {
    const ids = [await this.nameId(from), await this.nameId(to)];
    if (ids.includes(undefined)) return;
    await this.client.query(
      `UPDATE events SET name_id = $2 WHERE name_id = $1 AND time >= ${HORIZON}`,
      ids,
    );
  }

  async hasName(name: string): Promise<boolean> {
    return (await this.nameId(name)) !== undefined;
  }

  private async nameId(name: string): Promise<number | undefined> {
    const { rows } = await this.client.query<{ id: number }>(
      'SELECT id FROM event_names WHERE name = $1',
      [name],
    );
    return rows[0]?.id;
  }

  async merge(anonymous: string, known: string): Promise<void> {
    await this.client.query(
      `SELECT resolve_users(ARRAY[$1, $2], ARRAY['anonymous', 'known']::user_kind[])`,
      [anonymous, known],
    );
    await this.unmerge(anonymous);
    await this.client.query(
      `INSERT INTO merges (anonymous_seq, known_seq, merged_by)
       SELECT (SELECT seq FROM users WHERE id = $1), (SELECT seq FROM users WHERE id = $2), 'test'`,
      [anonymous, known],
    );
  }

  async unmerge(anonymous: string): Promise<void> {
    await this.client.query(
      `UPDATE merges SET undone_at = now() WHERE undone_at IS NULL
         AND anonymous_seq = (SELECT seq FROM users WHERE id = $1)`,
      [anonymous],
    );
  }

  async setTraits(user: string, traits: object): Promise<void> {
    const kind = user.startsWith(ANONYMOUS) ? 'anonymous' : 'known';
    await this.client.query('SELECT resolve_users(ARRAY[$1], ARRAY[$2]::user_kind[])', [
      user,
      kind,
    ]);
    await this.client.query('UPDATE users SET traits = $2 WHERE id = $1', [user, traits]);
  }

  /** Does nothing to days whose raw events are gone. */
  async rebuild(minute: number): Promise<void> {
    await rebuildMinutes(this.client, minute, minute + 1_440).catch((error: unknown) => {
      if (!(error instanceof BelowHorizonError)) throw error;
    });
  }

  /** What has to be read anew is, before its events go. */
  async moveHorizon(minute: number, source: string | undefined, isRemoved: boolean): Promise<void> {
    await fold(this.client);
    if (source === undefined) {
      await moveHorizon(this.client, minute);
    } else {
      const { rows } = await this.client.query<{ id: number }>(
        'SELECT unnest(resolve_sources(ARRAY[$1])) AS id',
        [source],
      );
      await moveHorizon(this.client, { sources: new Map([[rows[0]!.id, minute]]) });
    }
    // What isn't removed yet must not be told from what is.
    if (isRemoved) await this.client.query(`DELETE FROM events WHERE time < ${HORIZON}`);
  }

  async ask(query: Query, client = this.client): Promise<Answer> {
    const figures = await inSnapshot(client, LIMITS.timeoutMs, (snapshot) =>
      runQuery(client, snapshot, this.state, query, 0),
    );
    return toAnswer(query, figures, LIMITS.maxResultRows);
  }

  private get client(): Client {
    return this.clients[0]!;
  }
}
