#!/usr/bin/env node
// `npm run soak`: the tests that make faults, and those that try random cases, in their long form; in
// `npm test` they are short. What stands behind `--` goes to jest, such as
// `npm run soak -- --testNamePattern killed`.
import { prepare } from './support/prepare.mjs';
import { runJest, tellResult } from './support/jest.mjs';
import { failWith } from './support/project.mjs';
import { withTestDatabases } from './support/test-databases.mjs';

const LONGEST_TEST_MS = 60 * 60_000;

// One file after the other: each measures how the server does under load of its own.
const ARGS = ['--testPathPatterns', 'process/faults-', 'query-model', '--runInBand', '--verbose'];

// Jest gets the terminal's Ctrl-C as well and ends what it started.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => (process.exitCode = 130));
try {
  await prepare();
  const args = [...ARGS, `--testTimeout=${LONGEST_TEST_MS}`, ...process.argv.slice(2)];
  process.exitCode = await withTestDatabases(async ({ storages, env }) => {
    const result = await runJest(['process', ...storages], args, { ...env, SOAK: '1' });
    tellResult(result);
    return result.code;
  });
} catch (error) {
  failWith(error);
}
