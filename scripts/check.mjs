#!/usr/bin/env node
// `npm run check`: everything about the code that needs no database.
import { join } from 'node:path';
import { prepare } from './support/prepare.mjs';
import { failWith, projectRoot, run } from './support/project.mjs';

const bin = (name) => join(projectRoot, 'node_modules', '.bin', name);
const node = (...path) => [process.execPath, join(projectRoot, ...path)];

const CHECKS = {
  types: [bin('tsc'), '--noEmit'],
  'types of what browsers get': [bin('tsc'), '-p', 'tsconfig.browser.json'],
  lint: [bin('oxlint'), '--type-aware', '--deny-warnings'],
  format: [bin('prettier'), '--check', '--log-level=warn', '.'],
  'import direction': node('scripts', 'check', 'import-direction.mjs'),
  'house rules': node('scripts', 'check', 'house-rules.mjs'),
  'dead code and dependencies': [bin('knip')],
  'size of what browsers get': node('scripts', 'check', 'browser-size.mjs'),
  'OpenAPI document': node('scripts', 'check', 'openapi.mjs'),
};

try {
  await prepare();
  const failed = [];
  for (const [name, [program, ...args]] of Object.entries(CHECKS)) {
    const begun = performance.now();
    const ok = (await run(program, args)) === 0;
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    console.log(`${ok ? 'ok    ' : 'FAILED'}  ${name} (${seconds} s)`);
    if (!ok) failed.push(name);
  }
  if (failed.length > 0) throw new Error(`npm run check failed: ${failed.join(', ')}`);
} catch (error) {
  failWith(error);
}
