#!/usr/bin/env node
// `npm run retention -- preview`: see `npm run retention -- --help`.
import { prepare } from './support/prepare.mjs';
import { failWith } from './support/project.mjs';

try {
  await prepare();
  process.argv.splice(2, 0, 'retention');
  await import('../dist/src/main.js');
} catch (error) {
  failWith(error);
}
