import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { migrations } from '../../migrations/index.js';
import { dataSourceOptions } from '../../src/database/data-source-options.js';
import { record, type Recorded } from './analyst.js';

/** Brings an empty database to the schema of an earlier version: by the first migrations alone. */
export async function migrateTo(url: string, count: number): Promise<void> {
  const dataSource = new DataSource({
    ...dataSourceOptions(url),
    migrations: migrations.slice(0, count),
  });
  await dataSource.initialize();
  try {
    await dataSource.runMigrations({ transaction: 'each' });
  } finally {
    await dataSource.destroy();
  }
}

/** Takes migrations back, the newest first, until so many are left. */
export async function revertTo(url: string, count: number): Promise<void> {
  const dataSource = await new DataSource(dataSourceOptions(url)).initialize();
  try {
    for (let left = migrations.length; left > count; left -= 1) {
      await dataSource.undoLastMigration();
    }
  } finally {
    await dataSource.destroy();
  }
}

export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client(url);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** As the version of this schema did: by its own way in, where it had one already. */
export async function storeByItsMeans(client: Client, events: readonly Recorded[]): Promise<void> {
  const { rows } = await client.query<{ there: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_proc WHERE proname = 'record_events') AS there`,
  );
  if (rows[0]!.there) await record(client, events);
  else for (const event of events) await insertPlainly(client, event);
}

/** What is said of users, as far as the schema had room for it. */
export async function mergeByItsMeans(
  client: Client,
  anonymous: string,
  known: string,
): Promise<void> {
  await client.query(
    `INSERT INTO merges (anonymous_seq, known_seq, merged_by)
     SELECT anonymous.seq, known.seq, 'before' FROM users AS anonymous, users AS known
     WHERE anonymous.kind = 'anonymous' AND anonymous.id = $1
       AND known.kind = 'known' AND known.id = $2`,
    [anonymous, known],
  );
  await client.query(`UPDATE users SET traits = '{"plan": "pro"}' WHERE id = $1`, [known]);
}

async function insertPlainly(client: Client, event: Recorded): Promise<void> {
  const { user, kind = 'known', event: name = 'click', source = 'default' } = event;
  await client.query('INSERT INTO event_names (name) VALUES ($1) ON CONFLICT DO NOTHING', [name]);
  await client.query('INSERT INTO sources (name) VALUES ($1) ON CONFLICT DO NOTHING', [source]);
  if (user !== undefined) {
    await client.query('INSERT INTO users (kind, id) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
      kind,
      user,
    ]);
  }
  await client.query(
    `INSERT INTO events (time, id, user_seq, name_id, source_id, bot, properties)
     SELECT $1, coalesce($2, gen_random_uuid()),
       coalesce((SELECT seq FROM users WHERE kind = $3 AND users.id = $4), 0),
       (SELECT event_names.id FROM event_names WHERE name = $5),
       (SELECT sources.id FROM sources WHERE name = $6), $7, $8
     ON CONFLICT DO NOTHING`,
    [
      event.time,
      event.id ?? null,
      kind,
      user ?? null,
      name,
      source,
      event.bot ?? false,
      event.properties ?? null,
    ],
  );
}
