import { createReadStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { postmasterPid, query, Workplace, type Program } from '../support/program.js';

const IMPORT = ['npm', 'run', 'import', '--'];
const LINES = 50_000;
/** What the program itself takes of a heap, 40 MB, and little besides; the import is larger. */
const MEMORY_MB = 64;
const ASSET_LINES = 5_000;
const ASSET_LINE_LENGTH = 20_000;

/** Lines of an access log that are read and left out. */
function* assetLines(): Generator<string> {
  for (let line = 0; line < ASSET_LINES; line += 1) {
    const target = `/style.css?${String(line).padEnd(ASSET_LINE_LENGTH, 'x')}`;
    yield `203.0.113.7 - - [17/May/2015:10:05:03 +0000] "GET ${target} HTTP/1.1" 200 1 "-" "x"\n`;
  }
}

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

  it('reads more than its memory could hold', async () => {
    const argv = ['-', '--format', 'combined', '--site', 'example.com'];
    const heap = `--max-old-space-size=${MEMORY_MB}`;
    const command = [process.execPath, heap, 'dist/src/main.js', 'import', ...argv];
    const run = place.start({ command, stdin: 'pipe' });
    await pipeline(Readable.from(assetLines()), run.stdin);
    expect(await run.exited).toBe(0);
    expect(run.output).toContain(`${ASSET_LINES} lines are no event`);
  });

  if (process.platform === 'linux') {
    it('shows a bar with rate and time left on a terminal', async () => {
      const words = [process.execPath, 'dist/src/main.js', 'import', file];
      const run = place.start({ command: ['script', '-qec', words.join(' '), '/dev/null'] });
      expect(await run.exited).toBe(0);
      expect(run.output).toMatch(/ 0 % \| 0 lines \|/);
      expect(run.output).toMatch(/ \d+ % \| [1-9]\d* lines \| [1-9]\d* lines\/s \| .* left/);
      expect(run.output).toMatch(/ 100 % \| [1-9]\d* lines/);
      expect(run.output).toContain(`${LINES} events stored`);
    });
  }

  it('says so when another program uses the data directory, and touches nothing', async () => {
    const server = await place.startReady();
    const run = start(file);
    expect(await run.exited).toBe(1);
    expect(run.output).toContain('is in use by another copy of this server');
    expect(run.output).toContain('set ANALYTICS_URL');
    expect(await count()).toBe(0);
    expect(await server.stop()).toBe(0);
  });
});
