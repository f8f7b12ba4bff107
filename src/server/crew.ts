import { setTimeout as sleep } from 'node:timers/promises';
import { countEarlyEnds, restartPause } from './restart-pause.js';
import { CrewMetrics } from './crew-metrics.js';
import { prepareWorkers, startWorker, type WorkerProcess } from './worker-process.js';
import type { WorkerSettings } from './worker-messages.js';

/** Workers, each of which another one follows whenever it ends. */
export class Crew {
  private readonly posts: Post[];

  /** @param log takes lines for the person who watches */
  constructor(size: number, task: Omit<WorkerSettings, 'number'>, log: (line: string) => void) {
    prepareWorkers();
    const metrics = new CrewMetrics();
    this.posts = Array.from({ length: size }, (_, number) => {
      return new Post({ number, ...task }, metrics, log);
    });
  }

  /**
   * Resolves when all of them listen.
   *
   * @throws WorkerError, in the worker's own words, when one of them can't; the others run on
   */
  async start(): Promise<void> {
    await Promise.all(this.posts.map((post) => post.start()));
  }

  /** Lets each finish what is under way, for 20 s at most. */
  async stop(): Promise<void> {
    await Promise.all(this.posts.map((post) => post.stop()));
  }
}

/** One place in the crew. */
class Post {
  private readonly ending = new AbortController();
  private worker: WorkerProcess | undefined;
  private kept: Promise<void> = Promise.resolve();

  constructor(
    private readonly settings: WorkerSettings,
    private readonly metrics: CrewMetrics,
    private readonly log: (line: string) => void,
  ) {}

  async start(): Promise<void> {
    const worker = this.startOne();
    await worker.listening;
    this.kept = this.keep(worker);
  }

  async stop(): Promise<void> {
    this.ending.abort();
    this.worker?.stop();
    await this.worker?.ended;
    await this.kept;
  }

  /**
   * Never gives up: the other workers go on meanwhile, and where there are none, that nobody
   * answers tells whoever watches over the server more than its end would.
   */
  private async keep(first: WorkerProcess): Promise<void> {
    let earlyEnds = 0;
    for (let worker = first; ;) {
      const how = await worker.ended;
      if (this.ending.signal.aborted) return;
      earlyEnds = countEarlyEnds(earlyEnds, worker.age());
      const pause = restartPause(earlyEnds);
      this.say(`(process ${worker.pid}) ${how} Another one starts ${inTime(pause)}.`);
      // A stop ends the pause; that is no error.
      await sleep(pause, undefined, { signal: this.ending.signal }).catch(() => {});
      if (this.ending.signal.aborted) return;
      worker = this.startOne();
      const { pid } = worker;
      worker.listening.then(
        () => this.say(`is back, as process ${pid}.`),
        () => {},
      );
    }
  }

  private startOne(): WorkerProcess {
    const worker = startWorker(this.settings);
    this.worker = worker;
    this.metrics.add(worker);
    return worker;
  }

  private say(what: string): void {
    this.log(`Worker ${this.settings.number} ${what}`);
  }
}

function inTime(milliseconds: number): string {
  return milliseconds === 0 ? 'at once' : `in ${milliseconds / 1_000} s`;
}
