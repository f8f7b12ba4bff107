import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './project.mjs';

/**
 * Runs some of jest's projects.
 *
 * @param {string[]} projects their names
 * @param {string[]} args for jest
 * @param {Record<string, string>} env beside the environment of this process
 * @returns {Promise<{code: number, passed: number, failed: number}>} code is 0 only where tests ran
 */
export async function runJest(projects, args, env) {
  const folder = mkdtempSync(join(tmpdir(), 'user-analytics-report-'));
  const report = join(folder, 'report.json');
  try {
    const code = await jest(projects, report, args, env);
    const { numPassedTests: passed, numFailedTests: failed } = summary(report);
    return { code: passed === 0 ? code || 1 : code, passed, failed };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The last line of a run. */
export function tellResult({ passed, failed }) {
  console.log(`\n${passed} passed, ${failed} failed`);
}

function jest(projects, report, args, env) {
  const program = ['--experimental-vm-modules', join('node_modules', 'jest', 'bin', 'jest.js')];
  // A failed test may leave a connection open: that mustn't keep the run from its end.
  const output = ['--json', `--outputFile=${report}`, '--forceExit'];
  const options = ['--selectProjects', ...projects, ...output];
  return run(process.execPath, [...program, ...options, ...args], {
    env: { ...process.env, ...env, NODE_NO_WARNINGS: '1' },
    // With --json jest writes the report to stdout as well; people read stderr.
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** Jest writes no report when it can't even begin. */
function summary(report) {
  try {
    return JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    return { numPassedTests: 0, numFailedTests: 0 };
  }
}
