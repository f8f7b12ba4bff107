import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { access, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { findFreePort } from '../../src/database/embedded/postmaster.js';
import { createEmptyDatabase } from '../support/database.js';
import { copyBuildContext } from '../support/docker/build-context.js';
import { checkHealth, Container } from '../support/docker/container.js';
import { parseDockerfile } from '../support/docker/dockerfile.js';
import { type Build, type Image, buildImage } from '../support/docker/image.js';
import { accountFor } from '../support/docker/machine.js';

/** Bytes of the final stage without the base image: 42 MB in November 2026, nearly all packages. */
const SIZE_LIMIT_MB = 45;
/** Two installs and a compilation. */
const BUILD_PATIENCE_MS = 240_000;

let contextFolder: string;
let context: string[];
let build: Build;
let image: Image;

beforeAll(async () => {
  contextFolder = await mkdtemp(join(tmpdir(), 'analytics-context-'));
  context = await copyBuildContext(process.cwd(), contextFolder);
  const stages = parseDockerfile(await readFile('docker/Dockerfile', 'utf8'));
  build = await buildImage(stages, contextFolder);
  image = build.image;
}, BUILD_PATIENCE_MS);

afterAll(async () => {
  await rm(contextFolder, { recursive: true, force: true });
  await build?.remove();
});

describe('the build context', () => {
  it('holds sources and manifests, and nothing that is private, generated or large', () => {
    expect(new Set(context.map((path) => path.split('/')[0]))).toEqual(
      new Set([
        '.npmrc',
        'migrations',
        'nest-cli.json',
        'ormconfig.ts',
        'package-lock.json',
        'package.json',
        'scripts',
        'src',
        'tsconfig.browser.json',
        'tsconfig.build.json',
        'tsconfig.json',
      ]),
    );
    expect(context.filter((path) => path.endsWith('.spec.ts'))).toEqual([]);
  });
});

describe('the image', () => {
  it('is built on a Node that the project runs on', async () => {
    const stages = parseDockerfile(await readFile('docker/Dockerfile', 'utf8'));
    const bases = stages.map(({ base }) => base).filter((base) => base.includes(':'));
    expect(new Set(bases).size).toBe(1);
    const [, major] = /^node:(\d+)-/.exec(bases[0]!) ?? [];
    // Even numbers have long-term support; `engines` asks for 20.19.
    expect(Number(major) % 2).toBe(0);
    expect(Number(major)).toBeGreaterThan(20);
  });

  it('holds the server and its packages, and neither tools nor the embedded database', async () => {
    const app = join(image.root, image.workdir);
    expect((await readdir(app)).toSorted()).toEqual([
      'data',
      'dist',
      'node_modules',
      'package.json',
    ]);
    const { devDependencies, optionalDependencies } = JSON.parse(
      await readFile(join(app, 'package.json'), 'utf8'),
    ) as Record<string, Record<string, string>>;
    const unwanted = Object.keys({ ...devDependencies, ...optionalDependencies });
    const present = await Promise.all(
      unwanted.map((name) =>
        access(join(app, 'node_modules', name)).then(
          () => name,
          () => undefined,
        ),
      ),
    );
    expect(present.filter((name) => name !== undefined)).toEqual([]);
  });

  it('is small', async () => {
    expect((await sizeOf(image.root)) / 1e6).toBeLessThan(SIZE_LIMIT_MB);
  });

  it('does not run as root, and may write to its data folder only', async () => {
    expect(image.user).toBe('node');
    const { uid } = accountFor(image.user);
    expect((await stat(join(image.root, image.env['DATA_DIR']!))).uid).toBe(uid);
    expect((await stat(join(image.root, image.workdir))).uid).toBe(process.getuid!());
  });
});

describe('the container', () => {
  it('migrates an empty database, turns healthy, counts, and ends with 0 when stopped', async () => {
    const database = await createEmptyDatabase();
    const port = await findFreePort();
    const env = { PORT: `${port}`, DATABASE_URL: database.url };
    await expect(checkHealth(image, env)).resolves.toBe(1);
    const container = new Container(image, env);
    try {
      await container.becomeHealthy();
      await expect(listTables(database.url)).resolves.toContain('events');
      await expect(sendAndCount(port)).resolves.toBe('unique_users,1\nclicks,1\nimpressions,0\n');
      await expect(container.stop()).resolves.toBe(0);
      await expect(checkHealth(image, env)).resolves.toBe(1);
    } finally {
      await container.remove();
      await database.drop();
    }
  });

  it('is unhealthy when what answers on the port reports a failure', async () => {
    const server = createServer((_, response) => response.writeHead(503).end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await expect(checkHealth(image, { PORT: `${port}` })).resolves.toBe(1);
    server.close();
  });
});

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = files.map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

async function listTables(url: string): Promise<string[]> {
  const dataSource = await new DataSource({ type: 'postgres', url }).initialize();
  try {
    const rows = await dataSource.query<{ tablename: string }[]>(
      `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`,
    );
    return rows.map(({ tablename }) => tablename);
  } finally {
    await dataSource.destroy();
  }
}

async function sendAndCount(port: number): Promise<string> {
  const url = `http://127.0.0.1:${port}/analytics?timestamp=1224567997`;
  await fetch(`${url}&user=3&event=click`, { method: 'POST' });
  return (await fetch(url)).text();
}
