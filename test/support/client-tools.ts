import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { findInstallations } from '../../src/database/embedded/installation.js';
import { findProjectRoot } from '../../src/project-root.js';

/** Of the test servers: an older pg_dump refuses a newer server. */
const MAJOR = 17;

/** Where PostgreSQL's own client programs are; undefined where this machine has none. */
export const clientTools = findInstallations(findProjectRoot())
  .filter(({ major }) => major >= MAJOR)
  .map(({ bin }) => bin)
  .find((bin) => existsSync(join(bin, 'pg_dump')));

/**
 * The commands below a heading of a page, as people would run them.
 *
 * @param place of the section's blocks of commands, from 0
 */
export function commandsOf(page: string, heading: string, place = 0): string {
  const lines = readFileSync(page, 'utf8').split('\n');
  const start = lines.findIndex((line) => line.replace(/^#+ /, '') === heading);
  const length = lines.slice(start + 1).findIndex((line) => line.startsWith('## '));
  const section = lines.slice(start, start + 1 + length).join('\n');
  const blocks = Array.from(section.matchAll(/^```sh\n([^]*?)^```/gm), ([, commands]) => commands!);
  if (start < 0 || blocks[place] === undefined) {
    throw new Error(`${page} has no commands below "${heading}"`);
  }
  return blocks[place];
}

/**
 * Runs them in a shell that ends at the first failure.
 *
 * @returns what they said
 * @throws with what they said
 */
export async function runCommands(
  commands: string,
  folder: string,
  env: Record<string, string>,
): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(
    'bash',
    ['-euo', 'pipefail', '-c', commands],
    {
      cwd: folder,
      env: { ...process.env, ...env, PATH: [clientTools, process.env['PATH']].join(delimiter) },
    },
  );
  return stdout + stderr;
}
