#!/usr/bin/env node
// `npm run bench`: see `npm run bench -- --help`. In this same process, so that a signal reaches it.
import { prepare } from './support/prepare.mjs';
import { failWith } from './support/project.mjs';

try {
  await prepare();
  const { register } = await import('tsx/esm/api');
  register();
  // Not by a literal: a script that leads to TypeScript is linted with all the types behind it.
  const { runBench } = await import(new URL('../test/bench/bench.ts', import.meta.url).href);
  process.exitCode = await runBench(process.argv.slice(2));
} catch (error) {
  failWith(error);
}
// What was interrupted may still wait for something; all that was started has been ended.
process.exit();
