#!/usr/bin/env node
// `npm run import -- FILE`: see `npm run import -- --help`.
import { prepare } from './support/prepare.mjs';
import { failWith } from './support/project.mjs';

try {
  await prepare();
  process.argv.splice(2, 0, 'import');
  await import('../dist/src/main.js');
} catch (error) {
  failWith(error);
}
