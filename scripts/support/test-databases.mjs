import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from './project.mjs';

export const WITHOUT_TIMESCALEDB =
  'The half of the end-to-end suite that runs on TimescaleDB DID NOT RUN: this machine has none.\n' +
  'Nor did the tests of backups, unless PostgreSQL’s client programs are beside a server of its own.\n' +
  'On Debian or Ubuntu, npm run timescaledb puts one into this folder.';

/**
 * Starts throwaway database servers, one on each storage that this machine has, and stops them after
 * the work.
 *
 * @template Result
 * @param {(databases: {storages: string[], env: Record<string, string>}) => Promise<Result>} work
 *   storages are names of jest's projects
 * @returns {Promise<Result>}
 * @throws where REQUIRE_TIMESCALEDB is 1 and there is none
 */
export async function withTestDatabases(work) {
  const folder = mkdtempSync(join(tmpdir(), 'user-analytics-test-'));
  const servers = [];
  try {
    const plain = await startServer(join(folder, 'plain'), 'never', servers);
    const timescaledb = await startServer(join(folder, 'timescaledb'), 'prefer', servers);
    const complete = timescaledb.installation.timescaledb;
    if (!complete && process.env.REQUIRE_TIMESCALEDB === '1') {
      throw new Error(`REQUIRE_TIMESCALEDB is set.\n${WITHOUT_TIMESCALEDB}`);
    }
    return await work({
      storages: ['plain', ...(complete ? ['timescaledb'] : [])],
      env: {
        TEST_DATABASE_URL_PLAIN: plain.url,
        TEST_DATABASE_URL_TIMESCALEDB: timescaledb.url,
      },
    });
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
    rmSync(folder, { recursive: true, force: true });
  }
}

async function startServer(dataDir, timescaledb, servers) {
  const { startEmbeddedPostgres } =
    await import('../../dist/src/database/embedded/embedded-postgres.js');
  const server = await startEmbeddedPostgres({ dataDir, projectRoot, timescaledb });
  servers.push(server);
  return server;
}
