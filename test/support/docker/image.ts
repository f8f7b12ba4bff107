import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, realpath, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { accountFor, machineEnvironment } from './machine.js';
import { type Instruction, type Stage, readAssignments, readCommand, words } from './dockerfile.js';

/** An install with nothing in the cache took 15 s. */
const COMMAND_PATIENCE_MS = 180_000;

/** What a stage has come to: its files, and what holds for its programs. */
export interface Image {
  /** Stands for `/`. */
  root: string;
  workdir: string;
  env: Record<string, string>;
  user: string;
  command: string[];
  healthCheck: string[];
}

/** The folders that a build leaves behind. */
export interface Build {
  image: Image;
  remove(): Promise<void>;
}

/**
 * Carries out a Dockerfile without an engine. Every stage gets an empty folder for a root; its
 * commands run on this machine's Node and npm, whatever image the stage names.
 *
 * @param context the folder that COPY takes files from
 * @throws Error for a missing source, a failing command, or an instruction that isn't understood
 */
export async function buildImage(stages: Stage[], context: string): Promise<Build> {
  // A build must not depend on where the project lies.
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'analytics-image ü-')));
  // The server runs as somebody else, who must be able to pass.
  await chmod(folder, 0o755);
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const built = new Map<string, Promise<Image>>();
  for (const [index, stage] of stages.entries()) {
    const builder = new StageBuilder(join(folder, String(index)), context, built);
    built.set(stage.name, builder.build(stage));
  }
  const outcomes = await Promise.allSettled(built.values());
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) {
    await remove();
    throw failed.reason;
  }
  return { image: await built.get(stages.at(-1)!.name)!, remove };
}

/** Stages wait for those that they take files from, and otherwise run at once. */
class StageBuilder {
  private image: Image;

  constructor(
    root: string,
    private readonly context: string,
    private readonly stages: ReadonlyMap<string, Promise<Image>>,
  ) {
    this.image = { root, workdir: '/', env: {}, user: 'root', command: [], healthCheck: [] };
  }

  async build(stage: Stage): Promise<Image> {
    const { root } = this.image;
    const base = await this.stages.get(stage.base);
    await mkdir(root);
    if (base) {
      await cp(base.root, root, { recursive: true, verbatimSymlinks: true });
      this.image = { ...base, root };
    }
    for (const instruction of stage.instructions) {
      try {
        await this.follow(instruction);
      } catch (error) {
        const line = `${instruction.name} ${instruction.rest}`;
        throw new Error(`${line}\n${String(error)}`, { cause: error });
      }
    }
    return this.image;
  }

  private async follow({ name, flags, rest }: Instruction): Promise<void> {
    switch (name) {
      case 'WORKDIR':
        this.image.workdir = rest;
        await mkdir(this.path('.'), { recursive: true });
        break;
      case 'ENV':
        this.image.env = { ...this.image.env, ...readAssignments(rest) };
        break;
      case 'COPY':
        await this.copy(flags, words(rest));
        break;
      case 'RUN':
        await this.run(rest);
        break;
      case 'USER':
        this.image.user = rest;
        break;
      case 'HEALTHCHECK':
        this.image.healthCheck = readCommand(rest.replace(/^CMD\s+/, ''));
        break;
      case 'CMD':
        this.image.command = readCommand(rest);
        break;
      case 'EXPOSE':
        break;
      default:
        throw new Error('this instruction is unknown here: teach it to the tests');
    }
  }

  private async copy({ from, ...unknown }: Record<string, string>, paths: string[]): Promise<void> {
    if (Object.keys(unknown).length > 0) throw new Error('COPY with a flag that is unknown here');
    const source = from === undefined ? this.context : (await this.stages.get(from))?.root;
    if (source === undefined) throw new Error(`there is no earlier stage ${from}`);
    const target = paths.at(-1)!;
    for (const path of paths.slice(0, -1)) {
      const origin = join(source, path);
      const intoFolder = target.endsWith('/') && !(await stat(origin)).isDirectory();
      const destination = this.path(intoFolder ? join(target, basename(path)) : target);
      await cp(origin, destination, { recursive: true, verbatimSymlinks: true });
    }
  }

  private async run(command: string): Promise<void> {
    // There is no wall around a command here: it must stay in the working directory.
    if (/(^|[\s='"])(\/|~|\.\.)/.test(command)) throw new Error('a path outside of the folder');
    const account = accountFor(this.image.user);
    const owner = accountFor('node');
    await promisify(execFile)(
      'sh',
      ['-c', command.replaceAll('node:node', `${owner.uid}:${owner.gid}`)],
      {
        ...account,
        timeout: COMMAND_PATIENCE_MS,
        cwd: this.path('.'),
        env: { ...machineEnvironment({ forBuild: true }), ...this.image.env },
      },
    );
  }

  /** Where a path of the image lies on this machine. */
  private path(path: string): string {
    const { root, workdir } = this.image;
    return path.startsWith('/') ? join(root, path) : join(root, workdir, path);
  }
}
