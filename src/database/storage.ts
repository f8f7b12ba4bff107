import type { DataSource } from 'typeorm';

/** What the events lie on. */
export interface Storage {
  /** Such as `17.10`. */
  postgresql: string;
  /** Version of the extension; undefined where events lie in a plain table. */
  timescaledb: string | undefined;
  /** False where a crash of the machine can lose events that were acknowledged. */
  durable: boolean;
}

/** Asks the database what the events lie on. */
export async function readStorage(dataSource: DataSource): Promise<Storage> {
  const [server] = await dataSource.query<
    { postgresql: string; timescaledb: string | null; durable: boolean }[]
  >(
    `SELECT split_part(current_setting('server_version'), ' ', 1) AS postgresql,
       (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb') AS timescaledb,
       current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on' AS durable`,
  );
  const { postgresql, timescaledb, durable } = server!;
  const hypertable = timescaledb !== null && (await readTimeDimension(dataSource)) !== undefined;
  return { postgresql, durable, timescaledb: hypertable ? timescaledb : undefined };
}

/** Milliseconds that one chunk of the events spans; undefined where they lie in a plain table. */
export async function readChunkLength(dataSource: DataSource): Promise<number | undefined> {
  if ((await readStorage(dataSource)).timescaledb === undefined) return undefined;
  const dimension = await readTimeDimension(dataSource);
  return Number(dimension!.chunkLength);
}

/** How the hypertable of events is cut, by milliseconds; undefined where it's none. */
async function readTimeDimension(
  dataSource: DataSource,
): Promise<{ chunkLength: string } | undefined> {
  const [dimension] = await dataSource.query<{ chunkLength: string }[]>(
    `SELECT extract(epoch FROM time_interval) * 1000 AS "chunkLength"
     FROM timescaledb_information.dimensions
     WHERE format('%I.%I', hypertable_schema, hypertable_name)::regclass = 'events'::regclass`,
  );
  return dimension;
}
