import { Socket } from 'node:net';
import { Client } from 'pg';
import { within } from '../../common/within.js';
import { DATABASE_USER } from './data-directory.js';

/** Any number, the same in every copy: it names the lock that the user of a cluster holds. */
const OWNER_LOCK = 7_301_662_942;
const CONNECT_TIMEOUT_MS = 5_000;
const ANSWER_MS = 5_000;
/** A server that hangs never closes its side. */
const END_MS = 2_000;
/** How the holder of the lock shows itself; its process number follows. */
const APPLICATION = 'user-analytics, process ';

/** This process's own connection to the embedded server. It lasts as long as the server does. */
export class Session {
  private ended = false;

  private constructor(
    private readonly client: Client,
    private readonly socket: Socket,
  ) {}

  /** @throws the driver's error when the server isn't ready, or another one answers */
  static async open(port: number, password: string, cluster: string): Promise<Session> {
    const socket = new Socket();
    const client = new Client({
      stream: () => socket,
      host: '127.0.0.1',
      port,
      user: DATABASE_USER,
      password,
      database: 'postgres',
      application_name: `${APPLICATION}${process.pid}`,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: ANSWER_MS,
      keepAlive: true,
    });
    // Its end is reported by the event of that name; an error alone changes nothing.
    client.on('error', () => {});
    const session = new Session(client, socket);
    try {
      await client.connect();
      const { rows } = await client.query<Record<string, string>>('SHOW data_directory');
      const path = Object.values(rows[0] ?? {})[0];
      if (path !== cluster) throw new Error('another server answers on this port');
      return session;
    } catch (error) {
      await session.end();
      throw error;
    }
  }

  /** Makes this process the one that uses the cluster, until the session ends. */
  async lock(): Promise<boolean> {
    const { rows } = await this.client.query<{ locked: boolean }>(
      'SELECT pg_try_advisory_lock($1) AS locked',
      [OWNER_LOCK],
    );
    return rows[0]?.locked === true;
  }

  /** The process that holds the lock, if it says. */
  async readHolder(): Promise<number | undefined> {
    const { rows } = await this.client.query<{ name: string }>(
      `SELECT application_name AS name FROM pg_stat_activity JOIN pg_locks USING (pid)
       WHERE locktype = 'advisory' AND granted AND (classid::bigint << 32) + objid::bigint = $1`,
      [OWNER_LOCK],
    );
    const pid = Number(rows[0]?.name.slice(APPLICATION.length));
    return pid > 0 ? pid : undefined;
  }

  /** @param listener called once, unless this side ended the session */
  onLost(listener: () => void): void {
    this.client.once('end', () => {
      if (!this.ended) listener();
    });
  }

  async end(): Promise<void> {
    this.ended = true;
    await within(END_MS, this.client.end(), () => new Error('hangs')).catch(() => {});
    this.socket.destroy();
  }
}
