import { Reference } from './reference.js';
import type { Cleanup } from '../cleanup.js';
import { readResidentMb } from '../memory.js';
import type { Result } from '../result.js';
import { startSubject } from '../servers.js';
import type { Site } from '../stand.js';
import type { DataSet } from './data-sets.js';
import type { QueryPlan } from './plan.js';
import { connect, QueryDatabase, type RollupSizes } from './query-database.js';

/** Takes a line for the person who waits. */
type Say = (line: string) => void;

/** One storage with all that reading is measured by. */
export class QuerySite {
  /** What it took to make the data. */
  readonly made: Result[] = [];
  private readonly provided = new Set<string>();

  private constructor(
    readonly site: Site,
    readonly plan: QueryPlan,
    readonly tools: { database: QueryDatabase; reference: Reference; cleanup: Cleanup; say: Say },
  ) {}

  static async open(site: Site, plan: QueryPlan, cleanup: Cleanup, say: Say): Promise<QuerySite> {
    const database = new QueryDatabase(await connect(site.database.url, cleanup));
    const reference = await Reference.prepare(await connect(site.database.url, cleanup));
    return new QuerySite(site, plan, { database, reference, cleanup, say });
  }

  /** Where the server listens; it changes when it starts anew. */
  get port(): number {
    return this.site.subject.port;
  }

  say(line: string): void {
    this.tools.say(`${this.site.storage}: ${line} …`);
  }

  /** The server as it is after a start: its caches are empty, its code isn't compiled. */
  async restart(): Promise<void> {
    const { site, tools } = this;
    await site.subject.stop();
    site.subject = await startSubject(site.database.url, site.dataDir, tools.cleanup);
  }

  residentMb(): Promise<number> {
    return readResidentMb(this.site.subject.pid);
  }

  /** Makes a data set that isn't there yet, and its rollups. */
  async provide(data: DataSet): Promise<void> {
    if (this.provided.has(data.name)) return;
    this.provided.add(data.name);
    const { database } = this.tools;
    this.say(`making ${data.events.toLocaleString('en-US')} events (${data.name})`);
    const before = await database.rollupSizes();
    const generateMs = await database.generate(data);
    const foldMs = await database.foldAll();
    const after = await database.rollupSizes();
    await database.settle();
    const perEvent = (bytes: keyof RollupSizes): number[] => [
      (after[bytes] - before[bytes]) / data.events,
    ];
    this.made.push(
      this.figure(`making events: ${data.name}`, 's', [generateMs / 1_000]),
      this.figure(`folding them: ${data.name}`, 's', [foldMs / 1_000]),
      this.figure(`rollups on disk: ${data.name}`, 'bytes/event', perEvent('onDisk')),
      this.figure(`sets of users alone: ${data.name}`, 'bytes/event', perEvent('sets')),
    );
  }

  /** What is only reported, and compared with nothing. */
  figure(what: string, unit: string, rounds: number[]): Result {
    const { storage } = this.site;
    return { storage, what, against: '', unit, rounds, referenceRounds: [] };
  }
}
