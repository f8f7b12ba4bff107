#!/usr/bin/env node
// `npm run keys -- create`: see `npm run keys -- --help`.
import { prepare } from './support/prepare.mjs';
import { failWith } from './support/project.mjs';

try {
  await prepare();
  process.argv.splice(2, 0, 'keys');
  await import('../dist/src/main.js');
} catch (error) {
  failWith(error);
}
