import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder; every script works from there, wherever it's called. */
export const projectRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** How often a step that is silent for long shows that it lives. */
const HEARTBEAT_MS = 10_000;

/**
 * Runs a program in the project's folder, its output going to ours.
 *
 * @returns {Promise<number>} its exit code; 128 + the signal's number where a signal ended it
 */
export function run(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: projectRoot, stdio: 'inherit', ...options });
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

/** Runs a program as a named step, with its beginning, its end and its time shown. */
export async function step(name, program, args) {
  const begun = performance.now();
  const seconds = () => Math.round((performance.now() - begun) / 1000);
  console.log(`${name} …`);
  const heartbeat = setInterval(() => console.log(`  … ${seconds()} s`), HEARTBEAT_MS);
  try {
    const code = await run(program, args);
    if (code !== 0) throw new Error(`${name} failed: see above.`);
    console.log(`  done in ${seconds()} s`);
  } finally {
    clearInterval(heartbeat);
  }
}

/** Says what went wrong, without the stack that only its author could use. */
export function failWith(error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
