#!/usr/bin/env node
// `npm test`: throwaway database servers, then every suite on them. What stands behind `--` goes to
// jest, such as `npm test -- --testPathPatterns batch`. REQUIRE_TIMESCALEDB=1 and REQUIRE_BROWSER=1 make
// their absence fail.
import { findBrowser, WITHOUT_BROWSER } from './support/browser.mjs';
import { runJest, tellResult } from './support/jest.mjs';
import { prepare } from './support/prepare.mjs';
import { failWith } from './support/project.mjs';
import { withTestDatabases, WITHOUT_TIMESCALEDB } from './support/test-databases.mjs';

// Jest gets the terminal's Ctrl-C as well and ends; the servers are stopped after it.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => (process.exitCode = 130));
try {
  const browser = findBrowser();
  await prepare();
  process.exitCode = await withTestDatabases(async ({ storages, env }) => {
    const projects = ['unit', 'process', ...(browser ? ['browser'] : []), ...storages];
    const result = await runJest(projects, process.argv.slice(2), {
      ...env,
      ...(browser && { CHROMIUM: browser }),
    });
    if (!browser) console.log(`\n${WITHOUT_BROWSER}`);
    if (!storages.includes('timescaledb')) console.log(`\n${WITHOUT_TIMESCALEDB}`);
    tellResult(result);
    return result.code;
  });
} catch (error) {
  failWith(error);
}
