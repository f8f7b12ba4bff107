#!/usr/bin/env node
// Before `npm pack` and `npm publish`: what the package holds is built of the sources as they are. Nothing
// goes to standard output, where npm prints the package's name.
import { prepare } from './support/prepare.mjs';
import { failWith } from './support/project.mjs';

console.log = console.error;
try {
  await prepare();
} catch (error) {
  failWith(error);
}
