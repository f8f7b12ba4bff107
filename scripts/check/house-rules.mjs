#!/usr/bin/env node
// Rules of this project that no linter knows.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../support/project.mjs';

const MAX_LINES = 400;

/** Where a pattern may stand; anywhere else it's an error. */
const CONFINED = [
  {
    pattern: /process\.env\b/,
    allowed: ['src/main.ts', 'ormconfig.ts', 'src/configuration.ts'],
    why: 'the environment is read at start, in one place',
  },
  {
    pattern: /\bDate\.now\(|new Date\(\)/,
    allowed: [
      'src/common/clock.ts',
      'src/dashboard/page/state/use-now.ts',
      'src/tracker/script/clock.ts',
    ],
    why: 'the clock is injected (src/common/clock.ts; in what browsers run by a file of its own)',
  },
  {
    pattern: /synchronize:\s*true/,
    allowed: [],
    why: 'the schema comes from migrations alone',
  },
];

function filesBelow(folder, ending) {
  return readdirSync(join(projectRoot, folder), { recursive: true })
    .map((path) => `${folder}/${path}`)
    .filter((path) => ending.test(path));
}

function read(path) {
  return readFileSync(join(projectRoot, path), 'utf8');
}

const wrong = [];
for (const path of [
  ...filesBelow('src', /\.tsx?$/),
  'ormconfig.ts',
  ...filesBelow('migrations', /\.ts$/),
]) {
  const text = read(path);
  for (const { pattern, allowed, why } of CONFINED) {
    if (pattern.test(text) && !allowed.includes(path)) wrong.push(`${path}: ${pattern} – ${why}`);
  }
}
const code = ['src', 'test', 'migrations', 'scripts'].flatMap((folder) =>
  filesBelow(folder, /\.(tsx?|mjs)$/),
);
for (const path of code) {
  const lines = read(path).split('\n').length;
  if (lines > MAX_LINES) wrong.push(`${path}: ${lines} lines; a file has at most ${MAX_LINES}`);
}
if (/"resolved":/.test(read('package-lock.json'))) {
  wrong.push('package-lock.json: holds download addresses; .npmrc keeps them out');
}
// The OpenAPI plugin writes such a type's import by the folder's path, which it can't spell where the
// path has letters beyond ASCII: the program that was built there doesn't start.
for (const path of filesBelow('src', /\.dto\.ts$/)) {
  const text = read(path);
  const imported = [...text.matchAll(/import \{([^}]*)\} from '[^']*\.dto\.js'/g)];
  for (const name of imported.flatMap(([, names]) => names.split(',').map((one) => one.trim()))) {
    if (new RegExp(`[!?]: ${name}\\b`).test(text)) {
      wrong.push(
        `${path}: a property has the type ${name} of another file; say object, and @ApiProperty the type`,
      );
    }
  }
}
for (const line of wrong) console.error(line);
process.exitCode = wrong.length === 0 ? 0 : 1;
