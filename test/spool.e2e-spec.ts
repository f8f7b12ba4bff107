import { randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { SystemClock } from '../src/common/clock.js';
import { createApp } from '../src/create-app.js';
import type { NormalisedEvent } from '../src/ingest/normalise.js';
import type { RejectionsDto } from '../src/ingest/rejections.dto.js';
import { encodeEvents } from '../src/ingest/spool/command.js';
import { encodeRecord } from '../src/ingest/spool/record.js';
import { Segment, SegmentTakenError } from '../src/ingest/spool/segment.js';
import { SpoolDirectory } from '../src/ingest/spool/spool-directory.js';
import { createDatabase, type TestDatabase } from './support/database.js';
import { until } from './support/poll.js';

const MAX_BYTES = 1024 * 1024;
/** No process has it: Linux gives at most 4,194,304. */
const NO_PID = 5_000_000;

describe('what processes left in the spool', () => {
  let database: TestDatabase;
  let spool: string;
  let home: string;
  let app: NestExpressApplication | undefined;

  beforeEach(async () => {
    database = await createDatabase();
    spool = mkdtempSync(join(tmpdir(), 'user-analytics-spool-'));
    const [row] = await database.dataSource.query<{ id: string }[]>('SELECT id FROM installation');
    home = join(spool, row!.id);
  });
  afterEach(async () => {
    await app?.close();
    app = undefined;
    await database.drop();
    rmSync(spool, { recursive: true, force: true });
  });

  async function start(): Promise<void> {
    app = await createApp(database.dataSource, {
      spool: { directory: spool, maxBytes: MAX_BYTES },
    });
    await app.listen(0, '127.0.0.1');
  }

  async function countEvents(): Promise<number> {
    const [row] = await database.dataSource.query<{ count: number }[]>(
      'SELECT count(*)::int AS count FROM events',
    );
    return row!.count;
  }

  async function readRejections(): Promise<RejectionsDto> {
    const response = await fetch(`${await app!.getUrl()}/analytics/rejections`);
    return (await response.json()) as RejectionsDto;
  }

  /** @returns the folder of a process that has written a file */
  function leave(bytes: Buffer, owner: object = { pid: NO_PID, host: hostname() }): string {
    const folder = join(home, randomUUID());
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'owner.json'), JSON.stringify(owner));
    writeFileSync(join(folder, `00000000000001-${randomUUID()}.log`), bytes);
    return folder;
  }

  it('is stored by the next one, and removed', async () => {
    const folders = [leave(recordsOf(250)), leave(recordsOf(3, 250))];
    await start();
    await until(() => !folders.some((folder) => existsSync(folder)));
    await until(() => segmentsBelow(home).length === 0);
    expect(await countEvents()).toBe(253);
  });

  it('is stored once, however often it is there', async () => {
    const bytes = recordsOf(250);
    leave(bytes);
    leave(Buffer.concat([bytes, bytes]));
    await start();
    await until(() => segmentsBelow(home).length === 0);
    expect(await countEvents()).toBe(250);
  });

  it('is whole up to a torn end, which is dropped', async () => {
    const bytes = recordsOf(200);
    leave(bytes.subarray(0, bytes.length - 5));
    await start();
    await until(() => segmentsBelow(home).length === 0);
    expect(await countEvents()).toBe(100);
    expect(existsSync(join(home, 'damaged'))).toBe(false);
  });

  it('is stored but for a damaged record, which is set aside and reported', async () => {
    const bytes = recordsOf(300);
    const middle = Math.floor(bytes.length / 2);
    bytes[middle]! ^= 1;
    leave(Buffer.concat([bytes, encodeRecord('{"type":"unknown"}')]));
    leave(recordsOf(10, 300));
    await start();
    await until(() => segmentsBelow(home).length === 0);
    expect(await countEvents()).toBe(210);
    const files = readdirSync(join(home, 'damaged'));
    expect(files).toHaveLength(2);
    const sizes = files.map((file) => readFileSync(join(home, 'damaged', file)).length);
    expect(Math.max(...sizes)).toBeGreaterThan(bytes.length / 4);
    const { counts, rejections } = await readRejections();
    expect(counts).toEqual({ damaged_in_spool: 2 });
    expect(rejections[0]).toMatchObject({ route: 'spool', code: 'damaged_in_spool' });
  });

  it('waits where it belongs to another database', async () => {
    mkdirSync(join(spool, randomUUID(), 'owner'), { recursive: true });
    const [other] = readdirSync(spool);
    writeFileSync(join(spool, other!, 'owner', '1.log'), recordsOf(5));
    leave(recordsOf(1));
    await start();
    await until(() => segmentsBelow(home).length === 0);
    expect(await countEvents()).toBe(1);
    expect(segmentsBelow(join(spool, other!))).toHaveLength(1);
  });

  it('waits while its process lives, here or on another machine', async () => {
    const alive = [
      leave(recordsOf(5), { pid: process.ppid, host: hostname() }),
      leave(recordsOf(5), { pid: NO_PID, host: 'another' }),
    ];
    leave(recordsOf(1));
    await start();
    await until(async () => (await countEvents()) === 1);
    expect(alive.map((folder) => segmentsBelow(folder).length)).toEqual([1, 1]);
    // Though neither has told yet how many events that are.
    const ready = await fetch(`${await app!.getUrl()}/health/ready`);
    expect(await ready.json()).toMatchObject({
      status: 'degraded',
      waiting: { bytes: 2 * recordsOf(5).length },
    });
  });

  it('is taken from one that was silent for long, who then notices', async () => {
    const clock = new SystemClock();
    const sleeper = await SpoolDirectory.open(spool, idOf(home), {
      now: () => clock.now() - 60_000,
    });
    const segment = await Segment.create(sleeper.newSegmentPath());
    await segment.append(recordsOf(10));
    const other = await SpoolDirectory.open(spool, idOf(home), {
      now: () => clock.now() + 60_000,
    });
    expect(await other.claimOrphans()).toEqual([]);
    await sleeper.close();
    const [claimed] = await other.claimOrphans();
    expect(readFileSync(claimed!.path)).toEqual(recordsOf(10));
    await expect(segment.append(recordsOf(1))).rejects.toThrow(SegmentTakenError);
    await segment.close();
    await other.close();
  });
});

/** @param first the number of the first event: the same number is the same event */
function recordsOf(count: number, first = 0): Buffer {
  const events = Array.from({ length: count }, (_, index): NormalisedEvent => ({
    time: 1_224_567_997_000 + first + index,
    id: '0190a1b2-0000-7000-8000-000000000001',
    user: `user-${index % 7}`,
    isAnonymous: false,
    bot: false,
    name: 'click',
    source: undefined,
    properties: undefined,
    identity: undefined,
  }));
  return Buffer.concat(encodeEvents(events));
}

function segmentsBelow(folder: string): string[] {
  const names = existsSync(folder) ? readdirSync(folder, { recursive: true }) : [];
  return names.map(String).filter((name) => name.endsWith('.log'));
}

function idOf(folder: string): string {
  return folder.slice(folder.lastIndexOf('/') + 1);
}
