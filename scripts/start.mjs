#!/usr/bin/env node
// `npm start`: installs and builds where needed, then runs the server in this same process, so
// that a signal reaches it.
import { prepare } from './support/prepare.mjs';
import { failWith } from './support/project.mjs';

try {
  await prepare();
  await import('../dist/src/main.js');
} catch (error) {
  failWith(error);
}
