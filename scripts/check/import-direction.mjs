#!/usr/bin/env node
// Imports point downwards: a file may import from its own room and from the rooms that its room
// is allowed below. Entities are the shared vocabulary of the database and may be imported from
// everywhere.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { projectRoot } from '../support/project.mjs';

/** `src/`'s own files put the program together: they may import anything. */
const BELOW = {
  server: [
    'access',
    'analytics',
    'operations',
    'live',
    'ingest',
    'query',
    'rollup',
    'database',
    'common',
    'src',
    'migrations',
  ],
  analytics: [
    'dashboard',
    'tracker',
    'dialects',
    'live',
    'privacy',
    'profiles',
    'access',
    'ingest',
    'query',
    'retention',
    'rollup',
    'identity',
    'database',
    'common',
  ],
  dashboard: ['common'],
  operations: ['access', 'ingest', 'query', 'rollup', 'identity', 'database', 'common'],
  tracker: ['dialects', 'access', 'ingest', 'common'],
  dialects: ['access', 'ingest', 'common'],
  live: ['access', 'ingest', 'database', 'common'],
  privacy: ['live', 'access', 'ingest', 'query', 'rollup', 'identity', 'database', 'common'],
  profiles: ['access', 'ingest', 'identity', 'database', 'common'],
  access: ['database', 'common'],
  ingest: ['identity', 'access', 'database', 'common'],
  query: ['access', 'rollup', 'database', 'common'],
  retention: ['rollup', 'database', 'common'],
  rollup: ['database', 'common'],
  identity: ['database', 'common'],
  database: ['common', 'migrations'],
  common: [],
  migrations: [],
};
/** Types alone may come from the configuration. */
const CONFIGURATION = join('src', 'configuration.ts');

const IMPORT = /^(?:import|export)\b[^;]*?\bfrom\s+'(\.[^']+)'|\bimport\(\s*'(\.[^']+)'/gms;

/** `src` for the files right in it. */
function roomOf(path) {
  const [first, second] = path.split(sep);
  if (first !== 'src') return first;
  return second.endsWith('.ts') ? 'src' : second;
}

function importsOf(path) {
  const text = readFileSync(join(projectRoot, path), 'utf8');
  return [...text.matchAll(IMPORT)].map((match) => {
    const target = join(dirname(path), match[1] ?? match[2]).replace(/\.js$/, '.ts');
    return { target, typeOnly: match[0].startsWith('import type') };
  });
}

function isAllowed(from, { target, typeOnly }) {
  const [room, targetRoom] = [roomOf(from), roomOf(target)];
  if (room === 'src' || room === targetRoom || target.endsWith('.entity.ts')) return true;
  if (target === CONFIGURATION && typeOnly) return true;
  const below = BELOW[room];
  if (below === undefined) throw new Error(`${room} is a new room: give it a place in this file`);
  return below.includes(targetRoom);
}

const files = ['src', 'migrations'].flatMap((folder) =>
  readdirSync(join(projectRoot, folder), { recursive: true })
    .map((path) => join(folder, path))
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.spec.ts')),
);
const wrong = files.flatMap((path) =>
  importsOf(path)
    .filter((imported) => !isAllowed(path, imported))
    .map(({ target }) => `${path} imports ${relative('.', target)}, which points upwards`),
);
if (files.length === 0) wrong.push('no files found');
for (const line of wrong) console.error(line);
process.exitCode = wrong.length === 0 ? 0 : 1;
