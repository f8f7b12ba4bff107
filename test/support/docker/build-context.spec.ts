import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { copyBuildContext } from './build-context.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'analytics-context-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function contextOf(rules: string[], files: string[]): Promise<Set<string>> {
  const project = join(folder, 'project');
  for (const file of ['.dockerignore', ...files]) {
    await mkdir(dirname(join(project, file)), { recursive: true });
    await writeFile(join(project, file), file === '.dockerignore' ? rules.join('\n') : file);
  }
  const target = join(folder, 'context');
  const copied = await copyBuildContext(project, target);
  const entries = await readdir(target, { recursive: true, withFileTypes: true });
  expect(entries.filter((entry) => entry.isFile())).toHaveLength(copied.length);
  return new Set(copied);
}

describe('a build context', () => {
  it('holds what a later rule takes back, folders with all that is in them', async () => {
    const files = ['.env', 'src/a.ts', 'src/deep/b.ts', 'srcs/c.ts', 'docs/x.md'];
    const context = await contextOf(['# all', '*', '!src', '!docs/x.md'], files);
    expect(context).toEqual(new Set(['src/a.ts', 'src/deep/b.ts', 'docs/x.md']));
  });

  it('takes one star for a part of a name and two for any folders', async () => {
    const files = ['a.spec.ts', 'src/b.spec.ts', 'src/b.ts', 'x.log', 'src/y.log'];
    const context = await contextOf(['**/*.spec.ts', '*.log', '.dockerignore'], files);
    expect(context).toEqual(new Set(['src/b.ts', 'src/y.log']));
  });
});
