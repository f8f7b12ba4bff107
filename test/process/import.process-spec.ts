import { createReadStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { postmasterPid, query, Workplace, type Program } from '../support/program.js';

const IMPORT = ['npm', 'run', 'import', '--'];
const LINES = 100_000;

describe('npm run import', () => {
  let place: Workplace;
  let dataDir: string;
  let file: string;

  beforeEach(() => {
    place = new Workplace();
    dataDir = place.dataDir();
    file = join(place.folder, 'events.csv');
    const lines = Array.from(
      { length: LINES },
      (_, index) => `${1_224_567_000 + (index % 3600)},user-${index % 500},click`,
    );
    writeFileSync(file, `timestamp,user,event\n${lines.join('\n')}\n`);
  });
  afterEach(() => place.clear());

  function start(...argv: string[]): Program {
    return place.start({ command: [...IMPORT, ...argv] });
  }

  async function count(): Promise<number> {
    const [row] = await query<{ count: string }>(dataDir, 'SELECT count(*) FROM events');
    return Number(row!.count);
  }

  it('stores a file while no server runs, and a server finds it', async () => {
    const run = start(file);
    expect(await run.exited).toBe(0);
    expect(run.output).toContain('into the database (no server runs)');
    expect(run.output).toContain(`${LINES} events stored`);
    expect(postmasterPid(dataDir)).toBeUndefined();
    await place.startReady();
    expect(await count()).toBe(LINES);
  });

  it('goes through a server that runs, is interrupted, and goes on', async () => {
    const server = await place.startReady();
    const command = [...IMPORT, file];
    const env = { ANALYTICS_URL: server.url };
    const first = place.start({ command, env });
    await first.says('Importing');
    while ((await count()) === 0);
    first.interrupt();
    await first.exited;
    expect(first.output).toContain('Run the same command again to go on');
    expect(await count()).toBeLessThan(LINES);

    const second = place.start({ command, env });
    expect(await second.exited).toBe(0);
    expect(second.output).toMatch(/lines read: \d+ events stored, [1-9]\d* were there already/);
    expect(await count()).toBe(LINES);
  });

  it('loses and doubles nothing when it or the database is killed on the way', async () => {
    const server = await place.startReady();
    const command = [...IMPORT, file];
    const env = { ANALYTICS_URL: server.url };
    const first = place.start({ command, env });
    while ((await count()) === 0);
    first.killGroup();
    await first.exited;
    const second = place.start({ command, env });
    await second.says('Importing');
    process.kill(postmasterPid(dataDir)!, 'SIGKILL');
    expect(await second.exited).toBe(0);
    expect(await count()).toBe(LINES);
  });

  it('takes standard input', async () => {
    const run = place.start({ command: [...IMPORT, '-', '--format', 'csv'], stdin: 'pipe' });
    createReadStream(file).pipe(run.stdin);
    expect(await run.exited).toBe(0);
    expect(run.output).toContain(`${LINES} events stored`);
  });

  it('says so when another program uses the data directory, and touches nothing', async () => {
    const server = await place.startReady();
    const run = start(file);
    expect(await run.exited).toBe(1);
    expect(run.output).toContain('is in use by another copy of this server');
    expect(await count()).toBe(0);
    expect(await server.stop()).toBe(0);
  });
});
