import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Image } from './image.js';
import { accountFor, machineEnvironment } from './machine.js';

/** Shorter than a test may take, so that a failure tells what the server said. */
const START_PATIENCE_MS = 45_000;
const HEALTH_CHECK_INTERVAL_MS = 100;

/** The program of an image, running on this machine as the image's user. */
export class Container {
  private readonly server: ChildProcess;
  private output = '';

  /** @param env what `docker run --env` would add */
  constructor(
    private readonly image: Image,
    private readonly env: Record<string, string>,
  ) {
    this.server = run(image, image.command, env);
    for (const stream of [this.server.stdout!, this.server.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    }
  }

  /** @throws Error with what the server said, when it ends or isn't healthy in time */
  async becomeHealthy(): Promise<void> {
    const deadline = performance.now() + START_PATIENCE_MS;
    while ((await checkHealth(this.image, this.env)) !== 0) {
      if (this.hasEnded() || performance.now() > deadline) {
        throw new Error(`The server didn't become healthy:\n${this.output}`);
      }
      await delay(HEALTH_CHECK_INTERVAL_MS);
    }
  }

  /** What `docker stop` does first. @returns the server's exit code; null if the signal ended it */
  stop(): Promise<number | null> {
    const ended = exitCode(this.server);
    this.server.kill('SIGTERM');
    return ended;
  }

  /** For a test that failed half-way: nothing may stay behind. */
  async remove(): Promise<void> {
    const ended = exitCode(this.server);
    this.server.kill('SIGKILL');
    await ended;
  }

  private hasEnded(): boolean {
    return this.server.exitCode !== null || this.server.signalCode !== null;
  }
}

/** @returns the exit code of the image's health check, run as the engine would run it */
export function checkHealth(image: Image, env: Record<string, string>): Promise<number | null> {
  return exitCode(run(image, image.healthCheck, env));
}

function run(image: Image, [program, ...args]: string[], env: Image['env']): ChildProcess {
  return spawn(program!, args, {
    ...accountFor(image.user),
    cwd: join(image.root, image.workdir),
    env: { ...machineEnvironment({ forBuild: false }), ...image.env, ...dataDir(image), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** The folder that the image has for data, where it lies here. */
function dataDir({ root, env }: Image): Record<string, string> {
  return env['DATA_DIR'] === undefined ? {} : { DATA_DIR: join(root, env['DATA_DIR']) };
}

async function exitCode(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}
