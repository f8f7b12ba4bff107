import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { withoutProcess } from '../../src/database/embedded/postmaster-pid.js';
import { findProjectRoot } from '../../src/project-root.js';
import { postmasterPid, Workplace } from '../support/program.js';

const asRoot = process.getuid?.() === 0;
/** Sees itself as an ordinary user; files that it makes are its own. */
const AS_USER = ['unshare', '--user', '--map-user=1000', '--map-group=1000'];
const PROGRAM = [process.execPath, join('dist', 'src', 'main.js')];

describe('a data directory', () => {
  let place: Workplace;
  let dataDir: string;

  beforeEach(() => {
    place = new Workplace();
    dataDir = place.dataDir();
  });
  afterEach(() => place.clear());

  /** Every file with its size and time of change. */
  function everything(): string[] {
    if (!existsSync(dataDir) || !statSync(dataDir).isDirectory()) return [];
    return readdirSync(dataDir, { recursive: true, encoding: 'utf8' })
      .map((path) => {
        const { size, mtimeMs } = statSync(join(dataDir, path));
        return `${path} ${size} ${mtimeMs}`;
      })
      .toSorted((a, b) => a.localeCompare(b));
  }

  async function expectRefused(...messages: string[]): Promise<void> {
    const before = everything();
    const server = place.start();
    expect(await server.exited).toBe(1);
    for (const message of messages) expect(server.output).toContain(message);
    expect(server.output).not.toContain('    at ');
    expect(everything()).toEqual(before);
  }

  it('keeps what nobody else may read to itself', async () => {
    await place.startReady();
    const mode = (path: string): number => statSync(join(dataDir, path)).mode % 0o1000;
    expect(mode('postgres')).toBe(0o700);
    expect(mode('database-url')).toBe(0o600);
    expect(mode('postgres.log')).toBe(0o600);
    const url = new URL(readFileSync(join(dataDir, 'database-url'), 'utf8'));
    expect(url.hostname).toBe('127.0.0.1');
    expect(url.password.length).toBeGreaterThanOrEqual(32);
  });

  it('made by another major version is refused by name, and nothing is touched', async () => {
    const server = await place.startReady();
    await server.stop();
    writeFileSync(join(dataDir, 'postgres', 'PG_VERSION'), '12\n');
    await expectRefused('was made by PostgreSQL 12', 'Nothing was touched', 'DATA_DIR', 'Found: ');
  });

  it('that holds a database of someone else is refused, and nothing is touched', async () => {
    mkdirSync(join(dataDir, 'postgres'), { recursive: true });
    writeFileSync(join(dataDir, 'postgres', 'PG_VERSION'), '17\n');
    await expectRefused("isn't a database that this program made", 'Nothing was touched');
  });

  it('that is a file, or lies below one, is refused', async () => {
    writeFileSync(dataDir, '');
    await expectRefused("can't be used as data directory", 'Set DATA_DIR');
    dataDir = join(dataDir, 'below');
    const server = place.start({}, dataDir);
    expect(await server.exited).toBe(1);
    expect(server.output).toContain("can't be used as data directory");
  });

  it('is made anew after a kill while it was being made', async () => {
    const first = place.start();
    await first.says('Creating a database');
    await first.stop('SIGKILL');
    const second = await place.startReady();
    expect(await second.stop()).toBe(0);
    const names = readdirSync(dataDir).toSorted((a, b) => a.localeCompare(b));
    expect(names).toEqual(['postgres', 'postgres.log']);
  });

  it("starts although its server's process number is someone else's now", async () => {
    const first = await place.startReady();
    const file = join(dataDir, 'postgres', 'postmaster.pid');
    const text = readFileSync(file, 'utf8');
    await first.stop();
    writeFileSync(file, withoutProcess(text).replace(/^\d+/, String(process.pid)));
    const second = await place.startReady();
    expect(postmasterPid(dataDir)).not.toBe(process.pid);
    expect(await second.stop()).toBe(0);
  });

  it('serves an ordinary user', async () => {
    const command = [...(asRoot ? AS_USER : []), ...PROGRAM];
    const first = await place.startReady({ command });
    expect(await first.stop()).toBe(0);
    const second = await place.startReady({ command });
    expect(second.output).not.toContain('Creating');
    expect(await second.stop()).toBe(0);
  });

  if (asRoot) {
    it('serves root, whether other accounts may enter it or not', async () => {
      chmodSync(place.folder, 0o755);
      const open = await place.startReady();
      // The server's own account is used where it can reach the programs.
      const enter = ['-c', 'cd "$0"', join(findProjectRoot(), 'node_modules')];
      const reachable = spawnSync('/bin/sh', enter, { uid: 65_534, gid: 65_534, cwd: '/' });
      expect(statSync(join(dataDir, 'postgres')).uid !== 0).toBe(reachable.status === 0);
      expect(await open.stop()).toBe(0);
      const closed = place.dataDir('closed/data');
      mkdirSync(place.dataDir('closed'), { mode: 0o700 });
      const server = await place.startReady({}, closed);
      expect(statSync(join(closed, 'postgres')).uid).toBe(0);
      expect(await server.stop()).toBe(0);
    });
  }
});
