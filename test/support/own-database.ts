import { openDataDirectory, readRequirements } from '../../src/database/embedded/data-directory.js';
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '../../src/database/embedded/embedded-postgres.js';
import {
  findPostmaster,
  startPostmaster,
  stopPostmaster,
} from '../../src/database/embedded/postmaster.js';
import { findProjectRoot } from '../../src/project-root.js';
import { until } from './poll.js';
import { halt } from './processes.js';
import { queryAt } from './program.js';

/** A database server for `DATABASE_URL`, which a test takes away and brings back. */
export class OwnDatabase {
  readonly url: string;
  private readonly directory;
  private resume: () => void = () => {};

  private constructor(
    dataDir: string,
    private readonly created: EmbeddedPostgres,
  ) {
    this.url = created.url;
    this.directory = openDataDirectory(dataDir);
  }

  /** @param dataDir made anew */
  static async create(dataDir: string): Promise<OwnDatabase> {
    const created = await startEmbeddedPostgres({ dataDir, projectRoot: findProjectRoot() });
    return new OwnDatabase(dataDir, created);
  }

  /** Connections are refused from then on. */
  async stop(): Promise<void> {
    this.resume();
    // What watches over it and would start it again ends with the first stop.
    await this.created.stop();
    const running = findPostmaster(this.directory);
    if (running) await stopPostmaster(this.directory, running);
  }

  /** It takes connections, and never answers. */
  halt(): void {
    this.resume = halt(findPostmaster(this.directory)!.pid);
  }

  /** From either, where it was before. Does nothing where it's there. */
  async bringBack(): Promise<void> {
    this.resume();
    this.resume = () => {};
    if (!findPostmaster(this.directory)) await this.start();
    await until(async () => (await queryAt(this.url, 'SELECT 1')).length === 1);
  }

  private async start(): Promise<void> {
    const timescaledb = readRequirements(this.directory)?.timescaledb === true;
    const port = Number(new URL(this.url).port);
    await startPostmaster(this.directory, this.created.installation, timescaledb, port);
  }
}
