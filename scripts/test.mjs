#!/usr/bin/env node
// `npm test`: throwaway database servers, then every suite on them. What stands behind `--` goes to
// jest, such as `npm test -- --testPathPatterns batch`. REQUIRE_TIMESCALEDB=1 makes its absence fail.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runJest, tellResult } from './support/jest.mjs';
import { prepare } from './support/prepare.mjs';
import { failWith, projectRoot } from './support/project.mjs';

const WITHOUT_TIMESCALEDB =
  'The half of the end-to-end suite that runs on TimescaleDB DID NOT RUN: this machine has none.\n' +
  'On Debian or Ubuntu, npm run timescaledb puts one into this folder.';

/** The end-to-end suites, once on each storage that can be started. */
async function test(folder, servers) {
  const plain = await startServer(join(folder, 'plain'), 'never', servers);
  const timescaledb = await startServer(join(folder, 'timescaledb'), 'prefer', servers);
  const complete = timescaledb.installation.timescaledb;
  if (!complete && process.env.REQUIRE_TIMESCALEDB === '1') {
    throw new Error(`REQUIRE_TIMESCALEDB is set.\n${WITHOUT_TIMESCALEDB}`);
  }
  const projects = ['unit', 'process', 'plain', ...(complete ? ['timescaledb'] : [])];
  const result = await runJest(projects, process.argv.slice(2), {
    TEST_DATABASE_URL_PLAIN: plain.url,
    TEST_DATABASE_URL_TIMESCALEDB: timescaledb.url,
  });
  if (!complete) console.log(`\n${WITHOUT_TIMESCALEDB}`);
  tellResult(result);
  return result.code;
}

async function startServer(dataDir, timescaledb, servers) {
  const { startEmbeddedPostgres } =
    await import('../dist/src/database/embedded/embedded-postgres.js');
  const server = await startEmbeddedPostgres({ dataDir, projectRoot, timescaledb });
  servers.push(server);
  return server;
}

const folder = mkdtempSync(join(tmpdir(), 'user-analytics-test-'));
const servers = [];
// Jest gets the terminal's Ctrl-C as well and ends; the servers are stopped after it.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => (process.exitCode = 130));
try {
  await prepare();
  process.exitCode = await test(folder, servers);
} catch (error) {
  failWith(error);
} finally {
  await Promise.all(servers.map((server) => server.stop()));
  rmSync(folder, { recursive: true, force: true });
}
