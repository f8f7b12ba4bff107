#!/usr/bin/env node
// `npm test`: throwaway database servers, then every suite on them. What stands behind `--` goes to
// jest, such as `npm test -- --testPathPatterns batch`. REQUIRE_TIMESCALEDB=1 makes its absence fail.
import { runJest, tellResult } from './support/jest.mjs';
import { prepare } from './support/prepare.mjs';
import { failWith } from './support/project.mjs';
import { withTestDatabases, WITHOUT_TIMESCALEDB } from './support/test-databases.mjs';

// Jest gets the terminal's Ctrl-C as well and ends; the servers are stopped after it.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => (process.exitCode = 130));
try {
  await prepare();
  process.exitCode = await withTestDatabases(async ({ storages, env }) => {
    const result = await runJest(['unit', 'process', ...storages], process.argv.slice(2), env);
    if (!storages.includes('timescaledb')) console.log(`\n${WITHOUT_TIMESCALEDB}`);
    tellResult(result);
    return result.code;
  });
} catch (error) {
  failWith(error);
}
