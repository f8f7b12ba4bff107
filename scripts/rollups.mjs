#!/usr/bin/env node
// `npm run rollups -- verify`: see `npm run rollups -- --help`.
import { prepare } from './support/prepare.mjs';
import { failWith } from './support/project.mjs';

try {
  await prepare();
  process.argv.splice(2, 0, 'rollups');
  await import('../dist/src/main.js');
} catch (error) {
  failWith(error);
}
