import { setTimeout as sleep } from 'node:timers/promises';

const INTERVAL_MS = 50;
const PATIENCE_MS = 30_000;

/** Asks again and again until the answer is true; a failure counts as not yet. */
export async function until(
  condition: () => Promise<boolean> | boolean,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  const giveUpAt = performance.now() + patienceMs;
  for (;;) {
    const isTrue = await Promise.resolve()
      .then(condition)
      .catch(() => false);
    if (isTrue) return;
    if (performance.now() > giveUpAt) throw new Error(`never true: ${condition.toString()}`);
    await sleep(INTERVAL_MS);
  }
}
